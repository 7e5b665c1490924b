//! Bytes for `targets::trace`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| conc_fuzz::targets::trace(data));
