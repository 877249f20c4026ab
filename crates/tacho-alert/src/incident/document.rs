//! A document that people read: as Markdown, as a page to print, as PDF.
//!
//! Invariant: what a sender wrote is text in every form, never markup.

use super::plot::Plot;
use std::fmt::Write;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Document {
    pub(super) title: String,
    pub(super) blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    Heading(String),
    Text(String),
    List(Vec<(Option<bool>, String)>),
    Table(Vec<&'static str>, Vec<Vec<String>>),
    Code(String),
    /// On the page alone: its figures stand in a table, too.
    Plot(Plot),
}

const STYLE: &str = ":root{color-scheme:light dark;--ink:#111;--dim:#555;--line:#999;--soft:#ddd;--ground:#fff;--code:#eee;\
    --bar:#2f6fb3;--good:#17653a;--bad:#b3261e;--open:#6b5200}\
    @media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--dim:#aaa;--line:#666;--soft:#3a3a3a;--ground:#161616;--code:#262626;\
    --bar:#6aa9e9;--good:#6fd39a;--bad:#ff8a80;--open:#e0c060}}\
    body{font:14px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:var(--ink);background:var(--ground);\
    overflow-wrap:anywhere}h1{font-size:1.6em}h2{font-size:1.2em;margin-top:1.6em}\
    .wide{overflow-x:auto}table{border-collapse:collapse;width:100%}\
    th,td{border:1px solid var(--line);padding:.25em .5em;text-align:left;vertical-align:top;overflow-wrap:break-word}\
    td.number{text-align:right;white-space:nowrap}td.good{color:var(--good)}td.bad{color:var(--bad);font-weight:bold}td.open{color:var(--open)}\
    pre{background:var(--code);padding:.6em;white-space:pre-wrap;overflow-wrap:anywhere}\
    figure{margin:1em 0}figcaption{font-weight:bold}svg{width:100%;min-width:520px;height:auto;display:block}svg text{font:11px sans-serif;fill:var(--dim)}\
    .bar{fill:var(--bar)}.over{fill:var(--bad)}.grid{stroke:var(--soft)}.limit{stroke:var(--bad);stroke-dasharray:5 4}\
    .note{color:var(--dim);margin:.2em 0}\
    @media print{:root{color-scheme:light;--ink:#000;--ground:#fff}body{margin:0;max-width:none}tr,figure{break-inside:avoid}h2{break-after:avoid}}";

impl Document {
    pub fn new(title: impl Into<String>) -> Document {
        Document { title: title.into(), blocks: Vec::new() }
    }

    pub fn heading(&mut self, text: &str) {
        self.blocks.push(Block::Heading(text.to_string()));
    }

    pub fn text(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Text(text.into()));
    }

    /// Items, with a box to tick where it is known whether they are done.
    pub(super) fn list(&mut self, items: Vec<(Option<bool>, String)>) {
        self.blocks.push(Block::List(items));
    }

    pub fn table(&mut self, columns: &[&'static str], rows: Vec<Vec<String>>) {
        self.blocks.push(Block::Table(columns.to_vec(), rows));
    }

    pub fn plot(&mut self, plot: Plot) {
        self.blocks.push(Block::Plot(plot));
    }

    pub(super) fn code(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Code(text.into()));
    }

    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n", marked(&self.title));
        for block in &self.blocks {
            out.push('\n');
            match block {
                Block::Heading(text) => out += &format!("## {}\n", marked(text)),
                Block::Text(text) => out += &format!("{}\n", marked(text)),
                Block::List(items) => {
                    for (done, text) in items {
                        let tick = done.map_or("", |done| if done { "[x] " } else { "[ ] " });
                        out += &format!("- {tick}{}\n", marked(text));
                    }
                }
                Block::Table(columns, rows) => {
                    out += &format!("| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
                    for row in rows {
                        let cells: Vec<String> = row.iter().map(|cell| marked(cell)).collect();
                        out += &format!("| {} |\n", cells.join(" | "));
                    }
                }
                // Indented code has no fence that a text could close.
                Block::Code(text) => {
                    text.lines().for_each(|line| out += &format!("    {}\n", plain(line)));
                }
                Block::Plot(_) => {}
            }
        }
        out
    }

    pub fn html(&self) -> String {
        let title = escaped(&self.title);
        let mut out = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
             <style>{STYLE}</style></head><body><h1>{title}</h1>"
        );
        for block in &self.blocks {
            match block {
                Block::Heading(text) => out += &format!("<h2>{}</h2>", escaped(text)),
                Block::Text(text) => out += &format!("<p>{}</p>", escaped(text)),
                Block::List(items) => {
                    let item = |(done, text): &(Option<bool>, String)| {
                        let tick = done.map_or("", |done| if done { "\u{2611} " } else { "\u{2610} " });
                        format!("<li>{tick}{}</li>", escaped(text))
                    };
                    out += &format!("<ul>{}</ul>", items.iter().map(item).collect::<String>());
                }
                Block::Table(columns, rows) => out += &table(columns, rows),
                Block::Plot(plot) => out += &plot.svg(escaped),
                Block::Code(text) => out += &format!("<pre>{}</pre>", escaped(text)),
            }
        }
        out + "</body></html>\n"
    }
}

/// Words of a health check look like what they say; numbers stand under one another.
fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let label = escaped(&columns.join(", "));
    let mut out =
        format!("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\"><table><tr>");
    out.extend(columns.iter().map(|column| format!("<th>{}</th>", escaped(column))));
    for row in rows {
        out += "</tr><tr>";
        for (cell, column) in row.iter().zip(columns) {
            let class = match (*column, cell.as_str()) {
                ("state", "good") => " class=\"good\"",
                ("state", "attention") => " class=\"bad\"",
                ("state", _) => " class=\"open\"",
                (_, text) if text.parse::<f64>().is_ok() => " class=\"number\"",
                _ => "",
            };
            out += &format!("<td{class}>{}</td>", escaped(cell));
        }
    }
    out + "</tr></table></div>"
}

/// One line without what moves a cursor.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c) { ' ' } else { c })
        .collect()
}

/// A text of one line in which nothing is Markdown.
fn marked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text.trim()).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            c if c.is_control() => write!(out, "\\u{:02x}", u32::from(c)).expect("a string takes it"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sender_wrote_is_no_markup() {
        let mut document = Document::new("A | <b>");
        document.table(&["what"], vec![vec!["x | y\n# no <script>alert(1)</script> `z`".into()]]);
        document.code("``` \u{1b}[2J\nline");
        let text = document.markdown();
        assert!(text.starts_with("# A \\| \\<b\\>\n"), "{text}");
        assert!(text.contains("| x \\| y \\# no \\<script\\>alert(1)\\</script\\> \\`z\\` |\n"), "{text}");
        assert!(text.ends_with("    ```  [2J\n    line\n"), "{text}");
        let page = document.html();
        assert!(!page.contains("<script>") && !page.contains("<b>") && !page.contains('\u{1b}'), "{page}");
    }
}
