//! Names of models: what libraries write around the name that the maker gave.

/// Providers that some libraries put before a name with a colon. Others are part of a name: `llama3:8b`.
const PROVIDERS: [&str; 14] = [
    "anthropic",
    "azure",
    "bedrock",
    "cohere",
    "deepseek",
    "fireworks",
    "google",
    "groq",
    "mistral",
    "ollama",
    "openai",
    "together",
    "vertex",
    "xai",
];

/// A model's name as its maker writes it, in small letters, its day left in: without the provider (`openai/gpt-4o`,
/// `openai:gpt-4o`, `models/gemini-2.0-flash`) and without what Bedrock adds
/// (`us.anthropic.claude-sonnet-4-20250514-v1:0`).
pub fn plain(model: &str) -> String {
    let own = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
    let own = match own.split_once(':') {
        Some((provider, name)) if PROVIDERS.contains(&provider) => name,
        _ => &own,
    };
    let own = own.rsplit_once("anthropic.").map_or(own, |(_, own)| own);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let revised =
        own.rsplit_once(':').filter(|(_, minor)| is_number(minor)).and_then(|(own, _)| own.rsplit_once("-v"));
    revised.filter(|(_, major)| is_number(major)).map_or(own, |(own, _)| own).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_no_part_of_a_models_name() {
        for (told, meant) in [
            ("openai/gpt-4o", "gpt-4o"),
            ("openai:GPT-4o", "gpt-4o"),
            ("models/gemini-2.0-flash-001", "gemini-2.0-flash-001"),
            ("us.anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-4-20250514"),
            ("anthropic/Claude-Sonnet-4", "claude-sonnet-4"),
            ("deepseek-v3", "deepseek-v3"),
            ("llama3:8b", "llama3:8b"),
            ("gpt-4o", "gpt-4o"),
            ("", ""),
        ] {
            assert_eq!(plain(told), meant);
        }
    }
}
