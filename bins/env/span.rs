//! Spans of time, as people type them.

/// Seconds: numbers with `s`, `m`, `h`, `d` or `w`, as in `90m` or `1d12h`.
pub(crate) fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || "write it like `90m`, `2h` or `1d12h`".to_owned();
    let mut total: u64 = 0;
    for part in text.split_inclusive(|c: char| c.is_ascii_alphabetic()) {
        let number = part.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &part[number.len()..] {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            "w" => 604_800,
            _ => return Err(wrong()),
        };
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        let number = number.parse().ok().filter(|_| digits);
        let product = number.and_then(|number: u64| number.checked_mul(unit));
        total = product
            .and_then(|product| total.checked_add(product))
            .ok_or_else(wrong)?;
    }
    match text.is_empty() {
        true => Err(wrong()),
        false => Ok(total),
    }
}
