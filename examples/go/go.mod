module example/classify

go 1.19
