//! Sizes on the command line.
//!
//! Answers for: reading them as the language writes them. Never allocates.

/// The least that a run can do with.
const LEAST: u64 = 16 << 20;

/// A size of memory as the language writes it.
pub(super) fn memory(text: &str) -> Result<u64, String> {
    let wrong = || "write a size such as 64MiB or 2GiB".to_string();
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let shift = match unit {
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let bytes = number.checked_mul(1 << shift).ok_or_else(wrong)?;
    if bytes < LEAST { Err("a run needs at least 16MiB".into()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(memory("64MiB"), Ok(64 << 20));
        assert_eq!(memory("2GiB"), Ok(2 << 30));
        assert_eq!(memory("16384KiB"), Ok(16 << 20));
        for wrong in ["", "5", "MiB", "1.5GiB", "64 MiB", "-1MiB", "64MB", "1MiB", "99999999999GiB"] {
            assert!(memory(wrong).is_err(), "{wrong}");
        }
    }
}
