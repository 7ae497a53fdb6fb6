//! Turns `preview1.wat` into bytes and gathers the WIT of the repository, so that the tool carries both.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed=preview1.wat");
    let adapter = wat::parse_file("preview1.wat").expect("preview1.wat is correct");
    fs::write(out.join("preview1.wasm"), adapter).expect("the folder for what is built can be written");

    let wit = Path::new("../../../wit");
    println!("cargo::rerun-if-changed={}", wit.display());
    let mut files: Vec<PathBuf> = fs::read_dir(wit)
        .expect("the WIT stands in the repository")
        .map(|entry| entry.expect("a folder can be read").path())
        .filter(|path| path.extension().is_some_and(|end| end == "wit"))
        .collect();
    files.sort();
    let mut code = String::from("&[");
    for path in files {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.file_name().and_then(|name| name.to_str()).expect("our names are text");
        let text = fs::read_to_string(&path).expect("a WIT file can be read");
        code += &format!("({name:?}, {text:?}),");
    }
    fs::write(out.join("wit.rs"), code + "]").expect("the folder for what is built can be written");
}
