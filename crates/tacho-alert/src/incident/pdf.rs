//! A document as PDF: plain pages in the typewriter font that every reader has.
//!
//! Invariants
//! - The same document gives the same bytes. Nothing of a text is lost: a character that the font lacks is written as
//!   its number, a line that is too long goes on in the next one.

use super::document::{Block, Document};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

/// A4, points.
const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 50.0;
const SIZE: f32 = 8.5;
const LEADING: f32 = 11.0;
/// Each character of the font is six tenths of its size wide.
const COLUMNS: usize = ((PAGE.0 - 2.0 * MARGIN) / (SIZE * 0.6)) as usize;
/// The last line of a page is its number.
const LINES: usize = ((PAGE.1 - 2.0 * MARGIN) / LEADING) as usize - 2;
const PLAIN: Name<'static> = Name(b"F1");
const BOLD: Name<'static> = Name(b"F2");

/// A line of a page: bold or not, and its bytes in the font's encoding.
type Printed = (bool, Vec<u8>);

impl Document {
    pub fn pdf(&self) -> Vec<u8> {
        let lines = lines(self);
        let pages: Vec<&[Printed]> = lines.chunks(LINES).collect();
        let mut pdf = Pdf::new();
        let [catalog, tree, info, plain, bold] = [1, 2, 3, 4, 5].map(Ref::new);
        let at = |page: usize| (Ref::new(6 + 2 * page as i32), Ref::new(7 + 2 * page as i32));
        pdf.catalog(catalog).pages(tree);
        pdf.document_info(info).title(TextStr(&self.title));
        pdf.pages(tree).kids((0..pages.len()).map(|page| at(page).0)).count(pages.len() as i32);
        for (font, name) in [(plain, &b"Courier"[..]), (bold, b"Courier-Bold")] {
            pdf.type1_font(font).base_font(Name(name)).encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        for (number, lines) in pages.iter().enumerate() {
            let (id, contents) = at(number);
            let mut page = pdf.page(id);
            page.media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1)).parent(tree).contents(contents);
            page.resources().fonts().pair(PLAIN, plain).pair(BOLD, bold);
            page.finish();
            let foot = format!("{} of {}", number + 1, pages.len());
            pdf.stream(contents, &drawn(lines, foot.as_bytes()));
        }
        pdf.finish()
    }
}

fn drawn(lines: &[Printed], foot: &[u8]) -> Vec<u8> {
    let mut content = Content::new();
    content.begin_text();
    content.next_line(MARGIN, PAGE.1 - MARGIN);
    for (bold, text) in lines {
        content.set_font(if *bold { BOLD } else { PLAIN }, SIZE);
        content.show(Str(text));
        content.next_line(0.0, -LEADING);
    }
    content.end_text();
    content.begin_text();
    content.set_font(PLAIN, SIZE);
    content.next_line(MARGIN, MARGIN);
    content.show(Str(foot));
    content.end_text();
    content.finish().to_vec()
}

fn lines(document: &Document) -> Vec<Printed> {
    let mut out = Vec::new();
    wrap(&mut out, true, 0, &document.title);
    for block in &document.blocks {
        out.push((false, Vec::new()));
        match block {
            Block::Heading(text) => wrap(&mut out, true, 0, text),
            Block::Text(text) => wrap(&mut out, false, 0, text),
            Block::List(items) => {
                for (done, text) in items {
                    let tick = done.map_or("-", |done| if done { "[x]" } else { "[ ]" });
                    wrap(&mut out, false, 4, &format!("{tick} {text}"));
                }
            }
            Block::Table(columns, rows) => rows.iter().for_each(|row| record(&mut out, columns, row)),
            Block::Code(text) => text.lines().for_each(|line| wrap(&mut out, false, 2, line)),
            Block::Plot(_) => drop(out.pop()),
        }
    }
    out
}

/// A row: the first two cells in a line, the rest below them with their names.
fn record(out: &mut Vec<Printed>, columns: &[&str], row: &[String]) {
    let (head, rest) = row.split_at(row.len().min(2));
    wrap(out, false, 4, &head.join("  "));
    let named = columns.iter().skip(2).zip(rest).filter(|(_, cell)| !cell.is_empty());
    let named: Vec<String> = named.map(|(name, cell)| format!("{name} {cell}")).collect();
    if !named.is_empty() {
        wrap(out, false, 4, &format!("    {}", named.join(", ")));
    }
}

/// Breaks a text into lines, at a space where there is one; lines after the first are indented.
fn wrap(out: &mut Vec<Printed>, bold: bool, indent: usize, text: &str) {
    let mut rest = encoded(text);
    let mut first = true;
    loop {
        let margin = if first { 0 } else { indent };
        let room = COLUMNS - margin;
        let mut line = vec![b' '; margin];
        if rest.len() <= room {
            line.append(&mut rest);
            out.push((bold, line));
            return;
        }
        let blank = rest[..room].iter().rposition(|byte| *byte == b' ').filter(|at| *at > room / 2);
        let cut = blank.map_or(room, |at| at + 1);
        line.extend(rest.drain(..cut));
        out.push((bold, line));
        first = false;
    }
}

/// A text in the encoding that the font has, Windows' code page 1252.
fn encoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' '..='~' | '\u{a0}'..='\u{ff}' => out.push(c as u32 as u8),
            '\n' | '\t' | '\r' => out.push(b' '),
            '→' => out.extend_from_slice(b"->"),
            '€' => out.push(0x80),
            '…' => out.push(0x85),
            '‘' => out.push(0x91),
            '’' => out.push(0x92),
            '“' => out.push(0x93),
            '”' => out.push(0x94),
            '•' => out.push(0x95),
            '–' => out.push(0x96),
            '—' => out.push(0x97),
            c => out.extend_from_slice(format!("U+{:04X}", u32::from(c)).as_bytes()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_in_it_whatever_its_characters_are() {
        assert_eq!(encoded("Café"), b"Caf\xe9");
        let mut document = Document::new("A \\ (bracket 中");
        document.table(
            &["when", "what", "by", "entry"],
            vec![vec!["now".into(), "a → b".into(), String::new(), "7".into()]],
        );
        let pdf = document.pdf();
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.starts_with("%PDF-"), "{text}");
        assert!(text.contains("U+4E2D") && text.contains("(now  a -> b)"), "{text}");
        assert!(text.contains("(    entry 7)"), "an empty cell has no name: {text}");
        assert_eq!(document.pdf(), pdf);
    }

    #[test]
    fn many_lines_go_on_many_pages() {
        let mut document = Document::new("many");
        document.code("line\n".repeat(5 * LINES));
        let pdf = document.pdf();
        assert!(String::from_utf8_lossy(&pdf).contains("(6 of 6)"));
    }

    proptest! {
        #[test]
        fn wrapping_loses_nothing_and_stays_within_the_page(text in "[ -~]{0,400}") {
            let mut out = Vec::new();
            wrap(&mut out, false, 4, &text);
            prop_assert!(out.iter().all(|(_, line)| line.len() <= COLUMNS));
            let again: Vec<u8> = out
                .iter()
                .enumerate()
                .flat_map(|(n, (_, line))| line[if n == 0 { 0 } else { 4 }..].to_vec())
                .collect();
            prop_assert_eq!(again, text.into_bytes());
        }
    }
}
