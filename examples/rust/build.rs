// Finds the library where WINNOW_LIB says, the directory of libwinnow.so, or by the linker's own search path.
fn main() {
    println!("cargo:rerun-if-env-changed=WINNOW_LIB");
    if let Ok(directory) = std::env::var("WINNOW_LIB") {
        println!("cargo:rustc-link-search=native={directory}");
        println!("cargo:rustc-link-arg=-Wl,-rpath,{directory}");
    }
}
