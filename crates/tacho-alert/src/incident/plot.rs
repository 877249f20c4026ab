//! A column of figures as bars, for the page that people print: an inline picture that loads nothing.
//!
//! Invariant: a place without a figure has no bar, and each bar says its place and figure to who asks for it.

use std::fmt::Write;

/// What is drawn: places along the bottom, and a figure at each that has one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plot {
    pub title: String,
    pub points: Vec<(String, Option<f64>)>,
    /// A line at what the figures are compared with.
    pub threshold: Option<f64>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 22.0;
/// Labels along the bottom, at most.
const LABELS: usize = 12;

impl Plot {
    /// Whether there is anything to draw.
    pub fn is_empty(&self) -> bool {
        self.points.iter().all(|(_, figure)| figure.is_none_or(|figure| figure == 0.0))
    }

    pub(super) fn svg(&self, escaped: impl Fn(&str) -> String) -> String {
        let known = || self.points.iter().filter_map(|(_, figure)| *figure);
        let most = known().fold(0.0, f64::max);
        // A threshold far above everything would press the bars flat: it is named and not drawn.
        let line = self.threshold.filter(|threshold| *threshold <= most * 4.0);
        let top = nice(most.max(line.unwrap_or(0.0)));
        let height = HEIGHT - TOP - BOTTOM;
        let y = |figure: f64| TOP + height * (1.0 - figure / top);
        let step = (WIDTH - LEFT) / self.points.len().max(1) as f64;
        let title = escaped(&self.title);
        let mut out = format!(
            "<figure><figcaption>{title}</figcaption><div class=\"wide\" tabindex=\"0\" role=\"region\" \
             aria-label=\"Drawing: {title}\"><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">"
        );
        for part in [0.0, 0.5, 1.0] {
            let at = y(top * part);
            put(&mut out, format_args!("<path class=\"grid\" d=\"M{LEFT} {at:.1}H{WIDTH}\"/>"));
            let text = figure_text(top * part);
            put(
                &mut out,
                format_args!(
                    "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
                    LEFT - 6.0,
                    at + 4.0
                ),
            );
        }
        let every = self.points.len().div_ceil(LABELS).max(1);
        for (place, (label, figure)) in self.points.iter().enumerate() {
            let x = LEFT + step * place as f64;
            let label = escaped(label);
            if place % every == 0 {
                let middle = x + step / 2.0;
                let at = HEIGHT - 6.0;
                put(
                    &mut out,
                    format_args!("<text x=\"{middle:.1}\" y=\"{at}\" text-anchor=\"middle\">{label}</text>"),
                );
            }
            let Some(figure) = *figure else { continue };
            let class =
                if self.threshold.is_some_and(|threshold| figure > threshold) { "over" } else { "bar" };
            let (from, high, wide) =
                (y(figure.max(0.0)), height * figure.max(0.0) / top, (step * 0.76).max(1.0));
            let said = figure_text(figure);
            put(
                &mut out,
                format_args!(
                    "<rect class=\"{class}\" x=\"{:.1}\" y=\"{from:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\">\
                     <title>{label}: {said}</title></rect>",
                    x + step * 0.12
                ),
            );
        }
        if let Some(line) = line {
            put(&mut out, format_args!("<path class=\"limit\" d=\"M{LEFT} {:.1}H{WIDTH}\"/>", y(line)));
        }
        out += "</svg></div>";
        if let Some(threshold) = self.threshold {
            put(&mut out, format_args!("<p class=\"note\">Compared with {}.</p>", figure_text(threshold)));
        }
        out + "</figure>"
    }
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    out.write_fmt(what).expect("a string takes it");
}

/// The next of 1, 2, 5 and their tens.
fn nice(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let ten = 10f64.powf(most.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|part| part * ten).find(|top| *top >= most).unwrap_or(ten * 10.0)
}

fn figure_text(figure: f64) -> String {
    let (value, unit) = match figure.abs() {
        big if big >= 1e9 => (figure / 1e9, "G"),
        big if big >= 1e6 => (figure / 1e6, "M"),
        big if big >= 1e4 => (figure / 1e3, "k"),
        _ => (figure, ""),
    };
    let text = format!("{value:.2}");
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.replace('<', "&lt;")
    }

    #[test]
    fn a_place_without_a_figure_has_no_bar_and_what_is_over_looks_so() {
        let points = vec![("<a>".to_string(), Some(3.0)), ("b".into(), None), ("c".into(), Some(7.5))];
        let plot = Plot { title: "<b>".into(), points, threshold: Some(5.0) };
        let svg = plot.svg(plain);
        assert_eq!(
            (svg.matches("class=\"bar\"").count(), svg.matches("class=\"over\"").count()),
            (1, 1),
            "{svg}"
        );
        assert!(svg.contains("<title>c: 7.5</title>") && svg.contains("class=\"limit\""), "{svg}");
        assert!(!svg.contains("<a>") && !svg.contains("<b>"), "{svg}");
        assert!(svg.contains(">10</text>") && svg.contains("Compared with 5."), "{svg}");
    }

    #[test]
    fn a_threshold_far_above_is_named_and_not_drawn() {
        let plot = Plot { title: "t".into(), points: vec![("a".into(), Some(1.0))], threshold: Some(100.0) };
        let svg = plot.svg(plain);
        assert!(!svg.contains("class=\"limit\"") && svg.contains("Compared with 100."), "{svg}");
        assert!(Plot { points: vec![("a".into(), Some(0.0)), ("b".into(), None)], ..plot }.is_empty());
    }

    #[test]
    fn figures_are_short() {
        let texts = [0.0, 0.5, 12.345, 9999.0, 12_000.0, 3.4e6, 2e9].map(figure_text);
        assert_eq!(texts, ["0", "0.5", "12.35", "9999", "12k", "3.4M", "2G"]);
        assert_eq!([0.0, 0.3, 7.0, 10.0, 11.0].map(nice), [1.0, 0.5, 10.0, 10.0, 20.0]);
    }
}
