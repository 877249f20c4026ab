//! Writes the page of the taxonomy: `cargo run -p tacho-alert --example taxonomy > docs/formats/taxonomy.md`.

fn main() {
    print!("{}", tacho_alert::sigma::taxonomy_page());
}
