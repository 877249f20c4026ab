//! PostgreSQL's `to_char`: times and numbers as text by a template.
//!
//! DataFusion's own `to_char` takes strftime patterns and would answer `YYYY` with `YYYY`: wrong without a word.
//! A template is compiled once per call; what PostgreSQL copies as it stands is copied here as well.

use datafusion::arrow::temporal_conversions::timestamp_us_to_datetime;
use tacho_event::time::{DAY_US, Micros};

/// A compiled template for times.
pub(crate) struct TimeTemplate {
    pieces: Vec<Piece>,
}

enum Piece {
    Text(String),
    Field { field: Field, fill: bool, ordinal: Option<Case> },
}

#[derive(Clone, Copy, PartialEq)]
enum Case {
    Upper,
    Title,
    Lower,
}

#[derive(Clone, Copy)]
enum Field {
    /// A number by its strftime code.
    Number(&'static str),
    /// The last so many digits of a year by its strftime code.
    Year(&'static str, usize),
    YearGrouped,
    /// A name by its strftime code, and the width that it is filled to.
    Name(&'static str, usize, Case),
    Meridiem(Case, bool),
    SecondOfDay,
    Fraction(usize),
    Quarter,
    DayOfWeek,
    WeekOfYear,
    WeekOfMonth,
    Century,
    Zone(Case),
    Era(Case),
    Fixed(&'static str),
}

/// Every field of a template, longer before shorter ones that they start with.
const FIELDS: [(&str, Field); 51] = [
    ("HH24", Field::Number("%H")),
    ("HH12", Field::Number("%I")),
    ("HH", Field::Number("%I")),
    ("MI", Field::Number("%M")),
    ("SSSSS", Field::SecondOfDay),
    ("SSSS", Field::SecondOfDay),
    ("SS", Field::Number("%S")),
    ("MS", Field::Fraction(3)),
    ("US", Field::Fraction(6)),
    ("FF1", Field::Fraction(1)),
    ("FF2", Field::Fraction(2)),
    ("FF3", Field::Fraction(3)),
    ("FF4", Field::Fraction(4)),
    ("FF5", Field::Fraction(5)),
    ("FF6", Field::Fraction(6)),
    ("AM", Field::Meridiem(Case::Upper, false)),
    ("PM", Field::Meridiem(Case::Upper, false)),
    ("am", Field::Meridiem(Case::Lower, false)),
    ("pm", Field::Meridiem(Case::Lower, false)),
    ("A.M.", Field::Meridiem(Case::Upper, true)),
    ("P.M.", Field::Meridiem(Case::Upper, true)),
    ("a.m.", Field::Meridiem(Case::Lower, true)),
    ("p.m.", Field::Meridiem(Case::Lower, true)),
    ("Y,YYY", Field::YearGrouped),
    ("YYYY", Field::Year("%Y", 4)),
    ("YYY", Field::Year("%Y", 3)),
    ("YY", Field::Year("%Y", 2)),
    ("Y", Field::Year("%Y", 1)),
    ("IYYY", Field::Year("%G", 4)),
    ("IYY", Field::Year("%G", 3)),
    ("IY", Field::Year("%G", 2)),
    ("IDDD", Field::Number("%j")),
    ("ID", Field::Number("%u")),
    ("IW", Field::Number("%V")),
    ("BC", Field::Era(Case::Upper)),
    ("AD", Field::Era(Case::Upper)),
    ("ad", Field::Era(Case::Lower)),
    ("MM", Field::Number("%m")),
    ("DDD", Field::Number("%j")),
    ("DD", Field::Number("%d")),
    ("WW", Field::WeekOfYear),
    ("W", Field::WeekOfMonth),
    ("CC", Field::Century),
    ("Q", Field::Quarter),
    ("TZH", Field::Fixed("+00")),
    ("TZM", Field::Fixed("00")),
    ("TZ", Field::Zone(Case::Upper)),
    ("tz", Field::Zone(Case::Lower)),
    ("OF", Field::Fixed("+00")),
    ("D", Field::DayOfWeek),
    ("I", Field::Year("%G", 1)),
];

/// Names of months and days: their spelling in the template is the spelling of the answer.
const NAMES: [(&str, &str, usize); 4] =
    [("MONTH", "%B", 9), ("MON", "%b", 3), ("DAY", "%A", 9), ("DY", "%a", 3)];

impl TimeTemplate {
    pub(crate) fn compile(template: &str) -> TimeTemplate {
        let mut pieces = Vec::new();
        let mut rest = template;
        while !rest.is_empty() {
            if let Some(quoted) = rest.strip_prefix('"') {
                let (text, after) = quoted.split_once('"').unwrap_or((quoted, ""));
                pieces.push(Piece::Text(text.to_string()));
                rest = after;
                continue;
            }
            let unfilled = rest.strip_prefix("FM").or_else(|| rest.strip_prefix("fm"));
            match field(unfilled.unwrap_or(rest)) {
                Some((field, after)) => {
                    let (ordinal, after) = ordinal(after);
                    pieces.push(Piece::Field { field, fill: unfilled.is_none(), ordinal });
                    rest = after;
                }
                None => {
                    let first = rest.chars().next().expect("the rest is not empty");
                    pieces.push(Piece::Text(first.to_string()));
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        TimeTemplate { pieces }
    }

    /// The moment as text; nothing when it lies outside the calendar.
    pub(crate) fn format(&self, us: Micros) -> Option<String> {
        let time = timestamp_us_to_datetime(us)?;
        let strftime = |code: &str| time.format(code).to_string();
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Field { field, fill, ordinal } => {
                    let mut text = render(*field, us, &strftime);
                    if !fill {
                        text = unfilled(*field, text);
                    }
                    out.push_str(&text);
                    if let Some(case) = ordinal {
                        out.push_str(&cased(suffix(&text), *case));
                    }
                }
            }
        }
        Some(out)
    }
}

fn field(template: &str) -> Option<(Field, &str)> {
    let starts = |word: &str| template.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    for (word, code, width) in NAMES {
        if starts(word) {
            let (head, after) = template.split_at(word.len());
            let upper = |at: usize| head.as_bytes()[at].is_ascii_uppercase();
            let case = match (upper(0), upper(1)) {
                (true, true) => Case::Upper,
                (true, false) => Case::Title,
                _ => Case::Lower,
            };
            return Some((Field::Name(code, width, case), after));
        }
    }
    // The exact spelling first: `am` and `AM` differ, `mi` and `MI` do not.
    let exact = FIELDS.iter().find(|(word, _)| template.starts_with(word));
    let (word, field) = exact.or_else(|| FIELDS.iter().find(|(word, _)| starts(word)))?;
    Some((*field, &template[word.len()..]))
}

fn ordinal(template: &str) -> (Option<Case>, &str) {
    if let Some(after) = template.strip_prefix("TH") {
        (Some(Case::Upper), after)
    } else if let Some(after) = template.strip_prefix("th") {
        (Some(Case::Lower), after)
    } else {
        (None, template)
    }
}

fn render(field: Field, us: Micros, strftime: &dyn Fn(&str) -> String) -> String {
    let number = |code: &str| strftime(code).parse::<i64>().unwrap_or(0);
    match field {
        Field::Number(code) => strftime(code),
        Field::Year(code, digits) => {
            let year = strftime(code);
            if digits == 4 { year } else { year[year.len().saturating_sub(digits)..].to_string() }
        }
        Field::YearGrouped => format!("{},{:03}", number("%Y") / 1000, number("%Y") % 1000),
        Field::Name(code, width, case) => format!("{:<width$}", cased(&strftime(code), case)),
        Field::Meridiem(case, dots) => {
            let text = match (number("%H") < 12, dots) {
                (true, false) => "AM",
                (true, true) => "A.M.",
                (false, false) => "PM",
                (false, true) => "P.M.",
            };
            cased(text, case)
        }
        Field::SecondOfDay => (us.rem_euclid(DAY_US) / 1_000_000).to_string(),
        Field::Fraction(digits) => format!("{:06}", us.rem_euclid(1_000_000))[..digits].to_string(),
        Field::Quarter => ((number("%m") + 2) / 3).to_string(),
        Field::DayOfWeek => (number("%w") + 1).to_string(),
        Field::WeekOfYear => format!("{:02}", (number("%j") + 6) / 7),
        Field::WeekOfMonth => ((number("%d") + 6) / 7).to_string(),
        Field::Century => format!("{:02}", (number("%Y") + 99) / 100),
        Field::Zone(case) => cased("UTC", case),
        Field::Era(case) => cased("AD", case),
        Field::Fixed(text) => text.to_string(),
    }
}

/// What `FM` leaves: no blanks, no leading zeros.
fn unfilled(field: Field, text: String) -> String {
    match field {
        Field::Name(..) => text.trim_end().to_string(),
        Field::Fraction(_) | Field::Fixed(_) => text,
        _ => match text.trim_start_matches('0') {
            "" => "0".to_string(),
            shorter => shorter.to_string(),
        },
    }
}

fn cased(text: &str, case: Case) -> String {
    match case {
        Case::Upper => text.to_uppercase(),
        Case::Title => text.to_string(),
        Case::Lower => text.to_lowercase(),
    }
}

/// The English ending of an ordinal number.
fn suffix(number: &str) -> &'static str {
    let tens = number.len() >= 2 && number.as_bytes()[number.len() - 2] == b'1';
    match number.as_bytes().last() {
        Some(b'1') if !tens => "st",
        Some(b'2') if !tens => "nd",
        Some(b'3') if !tens => "rd",
        _ => "th",
    }
}

/// A compiled template for numbers.
pub(crate) struct NumberTemplate {
    marks: Vec<Mark>,
    /// Digits before and after the point.
    whole: usize,
    fraction: usize,
    fill: bool,
}

#[derive(Clone, PartialEq)]
enum Mark {
    /// A digit; true where a zero is always written.
    Digit(bool),
    Point,
    Group,
    /// `S`: `+` or `-`; `MI`, `PL`, `SG`, `PR`; nothing for a positive number unless it says so.
    Sign(Sign),
    Ordinal(Case),
    Text(String),
}

#[derive(Clone, Copy, PartialEq)]
enum Sign {
    Either,
    Minus,
    Plus,
    Both,
    Brackets,
}

impl NumberTemplate {
    /// # Errors
    /// The part of the template that PostgreSQL knows and this does not: `V`, `EEEE`, `RN`.
    pub(crate) fn compile(template: &str) -> Result<NumberTemplate, String> {
        let (mut marks, mut fill) = (Vec::new(), true);
        let mut rest = template;
        while let Some(first) = rest.chars().next() {
            let head = rest.get(..2).unwrap_or("").to_ascii_uppercase();
            let (mark, len) = match (head.as_str(), first.to_ascii_uppercase()) {
                ("FM", _) => {
                    fill = false;
                    rest = &rest[2..];
                    continue;
                }
                ("MI", _) => (Mark::Sign(Sign::Minus), 2),
                ("PL", _) => (Mark::Sign(Sign::Plus), 2),
                ("SG", _) => (Mark::Sign(Sign::Both), 2),
                ("PR", _) => (Mark::Sign(Sign::Brackets), 2),
                ("TH", 'T') => (Mark::Ordinal(if first == 'T' { Case::Upper } else { Case::Lower }), 2),
                ("RN" | "EE", _) | (_, 'V') => return Err(rest.to_string()),
                (_, '9') => (Mark::Digit(false), 1),
                (_, '0') => (Mark::Digit(true), 1),
                (_, '.' | 'D') => (Mark::Point, 1),
                (_, ',' | 'G') => (Mark::Group, 1),
                (_, 'S') => (Mark::Sign(Sign::Either), 1),
                (_, 'L') => (Mark::Text("$".to_string()), 1),
                (_, '"') => {
                    let (text, _) = rest[1..].split_once('"').unwrap_or((&rest[1..], ""));
                    (Mark::Text(text.to_string()), (text.len() + 2).min(rest.len()))
                }
                _ => (Mark::Text(first.to_string()), first.len_utf8()),
            };
            marks.push(mark);
            rest = &rest[len..];
        }
        let point = marks.iter().position(|mark| *mark == Mark::Point).unwrap_or(marks.len());
        let digits = |marks: &[Mark]| marks.iter().filter(|mark| matches!(mark, Mark::Digit(_))).count();
        let (whole, fraction) = (digits(&marks[..point]), digits(&marks[point..]));
        Ok(NumberTemplate { marks, whole, fraction, fill })
    }

    /// Digits after the point that the template shows.
    pub(crate) fn fraction(&self) -> usize {
        self.fraction
    }

    /// The number, given as decimal text that is rounded to [`Self::fraction`] digits.
    pub(crate) fn format(&self, number: &str) -> String {
        let (negative, digits) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
        let negative = negative && digits.bytes().any(|b| matches!(b, b'1'..=b'9'));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mut whole = whole.trim_start_matches('0').to_string();
        if whole.is_empty() && self.fraction == 0 {
            whole.push('0');
        }
        let mut fraction = format!("{fraction:0<width$}", width = self.fraction);
        if whole.len() > self.whole {
            whole = "#".repeat(self.whole);
            fraction = "#".repeat(self.fraction);
        }
        let body = self.body(&whole, &fraction, negative);
        self.signed(&body, negative)
    }

    /// The digits with everything around them, apart from a sign that the template does not place itself.
    fn body(&self, whole: &str, fraction: &str, negative: bool) -> String {
        let zeros_from = self.marks.iter().filter(|mark| matches!(mark, Mark::Digit(_) | Mark::Point));
        let first_zero = zeros_from
            .take_while(|mark| **mark != Mark::Point)
            .position(|mark| *mark == Mark::Digit(true))
            .unwrap_or(usize::MAX);
        let shown = self.fraction_shown(fraction);
        let (mut out, mut at, mut after_point, mut started) = (String::new(), 0, false, false);
        let blank = |out: &mut String| out.push_str(if self.fill { " " } else { "" });
        for mark in &self.marks {
            match mark {
                Mark::Digit(_) if after_point => {
                    out.push_str(if at < shown { &fraction[at..=at] } else { "" });
                    at += 1;
                }
                Mark::Digit(_) => {
                    let from_end = self.whole - at;
                    if from_end <= whole.len() {
                        out.push_str(&whole[whole.len() - from_end..=whole.len() - from_end]);
                        started = true;
                    } else if at >= first_zero {
                        out.push('0');
                        started = true;
                    } else {
                        blank(&mut out);
                    }
                    at += 1;
                }
                Mark::Point => {
                    out.push('.');
                    (after_point, at, started) = (true, 0, true);
                }
                Mark::Group if started => out.push(','),
                Mark::Group => blank(&mut out),
                Mark::Sign(Sign::Either) if self.leads() => {}
                Mark::Sign(sign) => out.push_str(sign.text(negative, self.fill)),
                Mark::Ordinal(_) if negative || self.fraction > 0 => {}
                Mark::Ordinal(case) => out.push_str(&cased(suffix(whole), *case)),
                Mark::Text(text) => out.push_str(text),
            }
        }
        out
    }

    /// How many digits after the point are written: with `FM`, zeros at the end only where the template has `0`.
    fn fraction_shown(&self, fraction: &str) -> usize {
        if self.fill {
            return self.fraction;
        }
        let after = self.marks.iter().skip_while(|mark| **mark != Mark::Point);
        let digits = after.filter(|mark| matches!(mark, Mark::Digit(_)));
        let forced =
            digits.enumerate().filter(|(_, mark)| **mark == Mark::Digit(true)).map(|(i, _)| i + 1).max();
        forced.unwrap_or(0).max(fraction.trim_end_matches('0').len())
    }

    /// Whether the template starts with `S`, which then stands next to the digits.
    fn leads(&self) -> bool {
        self.marks.first() == Some(&Mark::Sign(Sign::Either))
    }

    fn signed(&self, body: &str, negative: bool) -> String {
        let sign = self.marks.iter().find_map(|mark| match mark {
            Mark::Sign(sign) => Some(*sign),
            _ => None,
        });
        // Text before the digits stays before the sign.
        let at = body.find(|c: char| c.is_ascii_digit() || matches!(c, '.' | '#')).unwrap_or(0);
        let (head, tail) = body.split_at(at);
        match sign {
            Some(Sign::Brackets) if negative => format!("{head}<{tail}>"),
            Some(Sign::Brackets) if self.fill => format!(" {head}{tail} "),
            Some(Sign::Either) if self.leads() => format!("{head}{}{tail}", if negative { '-' } else { '+' }),
            Some(_) => body.to_string(),
            None if negative => format!("{head}-{tail}"),
            None if self.fill => format!("{head} {tail}"),
            None => body.to_string(),
        }
    }
}

impl Sign {
    /// What stands at the sign's own place; brackets go around the digits instead.
    fn text(self, negative: bool, fill: bool) -> &'static str {
        match (self, negative) {
            (Sign::Minus | Sign::Both | Sign::Either, true) => "-",
            (Sign::Plus | Sign::Both | Sign::Either, false) => "+",
            (Sign::Minus, false) | (Sign::Plus, true) if fill => " ",
            _ => "",
        }
    }
}

/// Rounds decimal text, half away from zero as PostgreSQL's `numeric` does.
pub(crate) fn round(number: &str, fraction: usize) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    if decimals.len() <= fraction {
        return number.to_string();
    }
    let up = decimals.as_bytes()[fraction] >= b'5';
    let mut kept: Vec<u8> = format!("0{whole}{}", &decimals[..fraction]).into_bytes();
    if up {
        for digit in kept.iter_mut().rev() {
            if *digit == b'9' {
                *digit = b'0';
            } else {
                *digit += 1;
                break;
            }
        }
    }
    let text = String::from_utf8(kept).expect("digits are ASCII");
    let (whole, decimals) = text.split_at(text.len() - fraction);
    if fraction == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
}
