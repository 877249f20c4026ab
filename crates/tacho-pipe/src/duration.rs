//! Durations as queries and rules write them: `300ms`, `5m`, `1h30m`, `7d`.

const UNITS: [(&str, i64); 7] = [
    ("w", 604_800_000_000),
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

/// Reads a duration in microseconds: numbers with a unit, the largest unit first. `None` for anything else.
pub fn parse_us(text: &str) -> Option<i64> {
    let (mut rest, mut total, mut last) = (text, 0_i64, i64::MAX);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number = &rest[..digits];
        let after = &rest[digits..];
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == &after[..letters])?;
        if *unit >= last {
            return None;
        }
        last = *unit;
        total = total.checked_add(scaled(number, *unit)?)?;
        rest = &after[letters..];
    }
    (!text.is_empty()).then_some(total)
}

/// `1.5` of a unit; a fraction must come out even.
fn scaled(number: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut total = whole.parse::<i64>().ok()?.checked_mul(unit)?;
    if number.contains('.') {
        let places = u32::try_from(fraction.len()).ok().filter(|n| (1..=6).contains(n))?;
        let part = fraction.parse::<i64>().ok()?.checked_mul(unit)?;
        let divisor = 10_i64.pow(places);
        total = (part % divisor == 0).then_some(total.checked_add(part / divisor)?)?;
    }
    Some(total)
}

/// Writes a duration so that [`parse_us`] reads the same one.
pub fn format_us(us: i64) -> String {
    if us == 0 {
        return "0s".into();
    }
    let (mut rest, mut out) = (us.unsigned_abs(), String::new());
    if us < 0 {
        out.push('-');
    }
    for (name, unit) in UNITS {
        let count = rest / unit.unsigned_abs();
        if count > 0 {
            out.push_str(&format!("{count}{name}"));
            rest -= count * unit.unsigned_abs();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, us) in [
            ("300ms", 300_000),
            ("5m", 300_000_000),
            ("1h30m", 5_400_000_000),
            ("7d", 604_800_000_000),
            ("1.5h", 5_400_000_000),
            ("0s", 0),
            ("250us", 250),
        ] {
            assert_eq!(parse_us(text), Some(us), "{text}");
            assert_eq!(parse_us(&format_us(us)), Some(us));
        }
        for text in
            ["", "5", "m", "5x", "5m5h", "5m5m", "-5m", "1.h", "0.0000001s", "99999999999999999w", "5 m"]
        {
            assert_eq!(parse_us(text), None, "{text}");
        }
    }
}
