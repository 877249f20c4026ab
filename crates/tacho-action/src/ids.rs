//! Ids: which of them nobody else has by chance, and numbers to find things by.

/// A shorter id may be met again by chance.
const STRONG: usize = 16;
/// So many letters and digits in a row, digits among them, are no word and no counter.
const DRAWN: usize = 10;
/// Nor are so many with dashes and underscores among them, which some draw from, too, in capitals and small letters.
const DRAWN_IN_64: usize = 20;

/// Whether a call's id is unique by itself, or only within its session. One that is drawn by chance is, as
/// `toolu_01A09q90qw90lq917835` or a UUID; one that is counted or named is not, however long: `call_1`, `functions.Bash:0`.
pub fn is_strong(call: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric();
    let in_64 = |byte: u8| is_plain(byte) || matches!(byte, b'-' | b'_');
    let is_drawn = |run: &[u8]| run.len() >= DRAWN && (run.iter().any(u8::is_ascii_digit) || is_mixed(run));
    call.len() >= STRONG
        && (call.as_bytes().split(|byte| !is_plain(*byte)).any(is_drawn)
            || call
                .as_bytes()
                .split(|byte| !in_64(*byte))
                .any(|run| run.len() >= DRAWN_IN_64 && is_mixed(run)))
}

/// Whether a quarter of the letters at least are capitals, and a quarter small ones: words are not.
fn is_mixed(run: &[u8]) -> bool {
    let large = run.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let small = run.iter().filter(|byte| byte.is_ascii_lowercase()).count();
    4 * large.min(small) > large + small
}

/// Eight bytes in hexadecimal digits.
pub fn is_span_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// FNV-1a over several texts. Whoever makes two ids meet could as well send the same id.
pub(crate) fn key(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        let bytes = part.iter().copied().chain([0xff]);
        hash = bytes.fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    }
    hash
}

/// An agent as its observations name it.
pub(crate) fn agent_key(agent: &str) -> u64 {
    key(&[agent.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::is_strong;

    #[test]
    fn an_id_that_is_drawn_by_chance_is_unique_and_one_that_is_counted_or_named_is_not() {
        for drawn in [
            "toolu_01A09q90qw90lq917835",
            "toolu_bdrk_01A09q90qw90lq917835abcd",
            "tooluse_kZJMlvQmRJ6eAyJE5GIl7Q",
            "call_9pw1qnYScqvGrCH58HWCvFH6",
            "call_kpwLqnYScqvGrCHxzHWCvFHa",
            "tooluse_kZJ-lvQmR_eAyJEsG-lpQz",
            "call_00_Xk2ZQpR7mY4tBv9LwN3c",
            "chatcmpl-tool-6f1c2d3e4b5a69788796a5b4c3d2e1f0",
            "01982f0a-7c2e-7b11-9f00-1c2d3e4f5a6b",
            "req_011CSHoEeqs5C35K2UUqR7Fy",
            "run_shell_command_1795225765124_0",
        ] {
            assert!(is_strong(drawn), "{drawn}");
        }
        for counted in [
            "call_1",
            "D681PevKs",
            "functions.Bash:0",
            "functions.mcp__github__create_pull_request:12",
            "functions_mcp__context7__resolve-library-id_3",
            "mcp__context7__resolve_library_id",
            "deploy-production-step-1",
            "deploy-2026-11-22-step-1",
            "customer-refund-approval",
            "RunProductionDeployment:1",
            "functions.mcp__GitHub__createPullRequest:0",
            "",
        ] {
            assert!(!is_strong(counted), "{counted}");
        }
    }
}
