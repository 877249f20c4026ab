//! Aggregate functions and their names.

/// Aggregate functions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Function {
    Count,
    Distinct,
    Sum,
    Avg,
    Min,
    Max,
    Stddev,
    Median,
    Mad,
    /// `p95`, `p99.9`: the share in thousandths of a percent.
    Percentile(u32),
    First,
    Last,
    Rate,
    Ratio,
}

impl Function {
    pub const NAMES: [&'static str; 14] = [
        "count", "distinct", "sum", "avg", "min", "max", "stddev", "median", "mad", "p95", "first", "last",
        "rate", "ratio",
    ];

    /// Finds a function by its name in a query.
    pub fn parse(name: &str) -> Option<Function> {
        Some(match name {
            "count" => Function::Count,
            "distinct" => Function::Distinct,
            "sum" => Function::Sum,
            "avg" => Function::Avg,
            "min" => Function::Min,
            "max" => Function::Max,
            "stddev" => Function::Stddev,
            "median" => Function::Median,
            "mad" => Function::Mad,
            "first" => Function::First,
            "last" => Function::Last,
            "rate" => Function::Rate,
            "ratio" => Function::Ratio,
            _ => return Function::percentile(name.strip_prefix('p')?),
        })
    }

    /// `95`, `99_9`: two digits, and thousandths after an underscore.
    fn percentile(digits: &str) -> Option<Function> {
        let (whole, part) = digits.split_once('_').unwrap_or((digits, ""));
        let numeric = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let canonical = whole.len() <= 2 && (whole.len() == 1 || !whole.starts_with('0'));
        if whole.is_empty()
            || !canonical
            || part.len() > 3
            || part.ends_with('0')
            || !numeric(whole)
            || !numeric(part)
        {
            return None;
        }
        if digits.contains('_') == part.is_empty() {
            return None;
        }
        let whole: u32 = whole.parse().ok()?;
        let part: u32 = format!("{part:0<3}").parse().ok()?;
        Some(Function::Percentile(whole * 1000 + part))
    }

    pub fn name(self) -> String {
        match self {
            Function::Count => "count".into(),
            Function::Distinct => "distinct".into(),
            Function::Sum => "sum".into(),
            Function::Avg => "avg".into(),
            Function::Min => "min".into(),
            Function::Max => "max".into(),
            Function::Stddev => "stddev".into(),
            Function::Median => "median".into(),
            Function::Mad => "mad".into(),
            Function::First => "first".into(),
            Function::Last => "last".into(),
            Function::Rate => "rate".into(),
            Function::Ratio => "ratio".into(),
            Function::Percentile(p) if p % 1000 == 0 => format!("p{}", p / 1000),
            Function::Percentile(p) => {
                let part = format!("{:03}", p % 1000);
                format!("p{}_{}", p / 1000, part.trim_end_matches('0'))
            }
        }
    }

    /// The percentile as a share of one.
    pub fn share(thousandths: u32) -> f64 {
        f64::from(thousandths) / 100_000.0
    }
}
