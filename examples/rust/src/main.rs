//! Classifies its arguments after the first, which names a bundle:
//! `WINNOW_LIB=$PREFIX/lib cargo run -- spam 'You won a prize'`
use std::ffi::{c_char, c_int, c_void, CStr, CString};
use std::ptr;

/// The beginning of winnow_prediction; the library only ever adds members at its end.
#[repr(C)]
struct RawPrediction {
    label: *const c_char,
    label_id: i32,
    score: f32,
    confidence: f32,
}

#[link(name = "winnow")]
extern "C" {
    fn winnow_load(bundle: *const c_char, options: *const c_void, classifier: *mut *mut c_void, error: *mut *mut c_void) -> c_int;
    fn winnow_free(classifier: *mut c_void);
    fn winnow_classify(
        classifier: *const c_void,
        text: *const c_char,
        size: usize,
        options: *const c_void,
        results: *mut *mut c_void,
        error: *mut *mut c_void,
    ) -> c_int;
    fn winnow_results_at(results: *const c_void, index: usize) -> *const RawPrediction;
    fn winnow_results_free(results: *mut c_void);
    fn winnow_error_message(error: *const c_void) -> *const c_char;
    fn winnow_error_free(error: *mut c_void);
}

fn error_text(error: *mut c_void) -> String {
    // SAFETY: the library sets an error whenever it returns a code other than 0, and its text lives until it is freed.
    unsafe {
        let text = CStr::from_ptr(winnow_error_message(error)).to_string_lossy().into_owned();
        winnow_error_free(error);
        text
    }
}

/// A loaded bundle.
struct Classifier(*mut c_void);

// SAFETY: the library allows any number of threads to use one classifier at the same time.
unsafe impl Send for Classifier {}
unsafe impl Sync for Classifier {}

impl Classifier {
    fn load(bundle: &str) -> Result<Self, String> {
        let path = CString::new(bundle).map_err(|error| error.to_string())?;
        let (mut handle, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the path ends with 0, and the library keeps none of the pointers.
        match unsafe { winnow_load(path.as_ptr(), ptr::null(), &mut handle, &mut error) } {
            0 => Ok(Self(handle)),
            _ => Err(error_text(error)),
        }
    }

    fn classify(&self, text: &str) -> Result<(String, f32), String> {
        let (mut results, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the handle is valid as long as `self`, and the text has that many bytes.
        unsafe {
            let code = winnow_classify(self.0, text.as_ptr().cast(), text.len(), ptr::null(), &mut results, &mut error);
            if code != 0 {
                return Err(error_text(error));
            }
            let found = &*winnow_results_at(results, 0);
            let answer = (CStr::from_ptr(found.label).to_string_lossy().into_owned(), found.confidence);
            winnow_results_free(results);
            Ok(answer)
        }
    }
}

impl Drop for Classifier {
    fn drop(&mut self) {
        // SAFETY: no call uses the handle any more.
        unsafe { winnow_free(self.0) }
    }
}

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, bundle, texts @ ..] = arguments.as_slice() else {
        return Err("usage: classify BUNDLE TEXT...".into());
    };
    let classifier = Classifier::load(bundle)?;
    for text in texts {
        let (label, confidence) = classifier.classify(text)?;
        println!("{label}\t{confidence:.6}\t{text}");
    }
    Ok(())
}
