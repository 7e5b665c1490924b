//! Bytes for `targets::snapshot`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| conc_fuzz::targets::snapshot(data));
