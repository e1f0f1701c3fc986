// Classifies its arguments after the first, which names a bundle, by cgo:
//
//	PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig go build && LD_LIBRARY_PATH=$PREFIX/lib ./classify spam 'You won a prize'
package main

/*
#cgo pkg-config: winnow-c
#include <stdlib.h>
#include <winnow/winnow.h>
*/
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

// Prediction is what a classifier says about a text.
type Prediction struct {
	Label      string
	Confidence float32
}

// Classifier holds a loaded bundle. Goroutines may share it. Close frees it.
type Classifier struct{ handle *C.winnow_classifier }

func errorOf(failure *C.winnow_error) error {
	defer C.winnow_error_free(failure)
	return fmt.Errorf("%s: %s", C.GoString(C.winnow_code_name(C.winnow_error_code(failure))),
		C.GoString(C.winnow_error_message(failure)))
}

// Load loads a bundle.
func Load(bundle string) (*Classifier, error) {
	path := C.CString(bundle)
	defer C.free(unsafe.Pointer(path))
	var classifier Classifier
	var failure *C.winnow_error
	if C.winnow_load(path, nil, &classifier.handle, &failure) != C.WINNOW_OK {
		return nil, errorOf(failure)
	}
	return &classifier, nil
}

// Close frees the memory of the classifier.
func (classifier *Classifier) Close() { C.winnow_free(classifier.handle) }

// Classify returns the prediction for a text.
func (classifier *Classifier) Classify(text string) (Prediction, error) {
	bytes := C.CString(text)
	defer C.free(unsafe.Pointer(bytes))
	var results *C.winnow_results
	var failure *C.winnow_error
	if C.winnow_classify(classifier.handle, bytes, C.size_t(len(text)), nil, &results, &failure) != C.WINNOW_OK {
		return Prediction{}, errorOf(failure)
	}
	defer C.winnow_results_free(results)
	found := C.winnow_results_at(results, 0)
	return Prediction{C.GoString(found.label), float32(found.confidence)}, nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: classify BUNDLE TEXT...")
		os.Exit(2)
	}
	classifier, err := Load(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer classifier.Close()
	for _, text := range os.Args[2:] {
		prediction, err := classifier.Classify(text)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Printf("%s\t%.6f\t%s\n", prediction.Label, prediction.Confidence, text)
	}
}
