//! The modifiers of an item: `field|contains|all`.

use crate::sigma::offer;

const MODIFIERS: [&str; 30] = [
    "all",
    "base64",
    "base64offset",
    "cased",
    "cidr",
    "contains",
    "day",
    "dotall",
    "endswith",
    "exists",
    "expand",
    "fieldref",
    "gt",
    "gte",
    "hour",
    "i",
    "ignorecase",
    "lt",
    "lte",
    "m",
    "multiline",
    "neq",
    "re",
    "s",
    "startswith",
    "utf16",
    "utf16be",
    "utf16le",
    "wide",
    "windash",
];
/// Parts of a date: the language has no calendar.
const CALENDAR: [&str; 6] = ["minute", "hour", "day", "week", "month", "year"];
/// What the modifiers of an item ask for.
#[derive(Debug, Clone, Default)]
pub(super) struct Modifiers {
    pub(super) how: Option<&'static str>,
    pub(super) transforms: Vec<&'static str>,
    pub(super) flags: String,
    pub(super) cased: bool,
    pub(super) every: bool,
    pub(super) negated: bool,
}

impl Modifiers {
    pub(super) fn read(names: &[&str]) -> Result<Modifiers, String> {
        let mut out = Modifiers::default();
        for name in names {
            if CALENDAR.contains(name) {
                return Err(format!("the modifier \"{name}\" is not supported: rules have no calendar"));
            }
            let Some(known) = MODIFIERS.iter().find(|known| *known == name) else {
                let near = offer(name, MODIFIERS);
                return Err(format!(
                    "there is no modifier \"{name}\"{near} (there are {})",
                    MODIFIERS.join(", ")
                ));
            };
            match *known {
                "all" => out.every = true,
                "cased" => out.cased = true,
                "neq" => out.negated = true,
                "i" | "ignorecase" => out.flags.push('i'),
                "m" | "multiline" => out.flags.push('m'),
                "s" | "dotall" => out.flags.push('s'),
                "expand" => return Err("the modifier \"expand\" needs a pipeline that fills in its placeholders: write the values".into()),
                "base64" | "base64offset" | "utf16" | "utf16be" | "utf16le" | "wide" | "windash" => {
                    out.transforms.push(known)
                }
                how => {
                    if let Some(before) = out.how.replace(how) {
                        return Err(format!("\"{before}\" and \"{how}\" don't go together"));
                    }
                }
            }
        }
        if !out.flags.is_empty() && out.how != Some("re") {
            return Err("the modifiers i, m and s belong to \"re\"".into());
        }
        let text = matches!(out.how, None | Some("contains" | "startswith" | "endswith"));
        if !text && (out.cased || !out.transforms.is_empty()) {
            return Err(format!("\"{}\" takes no modifier of texts", out.how.unwrap_or_default()));
        }
        Ok(out)
    }
}
