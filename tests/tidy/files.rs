//! The shape of files.

use crate::reading::{blank, hold, outside_traits, paths, rust};

#[test]
fn no_file_of_src_has_more_than_400_lines() {
    hold(rust("src"), |file| told(&file.path, length_fault(&file.text)));
}

#[test]
fn every_file_of_src_begins_with_what_it_is_about() {
    hold(rust("src"), |file| told(&file.path, opening_fault(&file.text)));
}

#[test]
fn front_doors_hold_no_function_outside_a_trait() {
    let doors = rust("src").into_iter().filter(|file| file.path.ends_with("/mod.rs")).collect();
    hold(doors, |file| file.paths(&outside_traits(&file.code), function_fault));
}

const LINES_MAX: usize = 400;

fn length_fault(text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > LINES_MAX).then(|| format!("{lines} lines"))
}

fn opening_fault(text: &str) -> Option<String> {
    (!text.starts_with("//! ")).then(|| "no `//!` first".to_owned())
}

fn function_fault(path: &str) -> Option<String> {
    (path == "fn").then(|| "a function in a front door".to_owned())
}

fn told(path: &str, fault: Option<String>) -> Vec<String> {
    fault.into_iter().map(|fault| format!("{path}: {fault}")).collect()
}

#[test]
fn self_test_of_files() {
    assert!(length_fault(&"\n".repeat(401)).is_some() && length_fault(&"\n".repeat(400)).is_none());
    assert!(opening_fault("use a;\n//! b").is_some() && opening_fault("//! B.\n").is_none());
    let door = outside_traits(&blank("pub trait A { fn a() { b() } }\nfn c() {}\npub use d::E; // fn"));
    assert_eq!(paths(&door).iter().filter(|(_, path)| function_fault(path).is_some()).count(), 1);
}
