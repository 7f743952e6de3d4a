//! How wide a text is drawn, and how to make it fit: for pictures, which have to know before
//! anything is drawn. It must not know what is drawn.

use unicode_width::UnicodeWidthChar;

/// The width of half an em as fonts have it on average: a narrow letter, or half a wide one.
const HALF_EM: f64 = 0.56;

/// What a line must not begin with: a reader of Chinese takes it for a mistake.
const CLOSING: &str = "，。、；：？！）》」』】〕”’…,.;:?!)]}%";

/// What a line must not end with, for the same reason.
const OPENING: &str = "（「『【《〔“‘([{";

/// Estimates how wide a text is, in pixels at a font size: East Asian characters are twice as wide.
#[must_use]
pub fn width(text: &str, font: f64) -> f64 {
    text.chars().map(|c| char_width(c, font)).sum()
}

/// Quotes, dashes and signs that are wide in Chinese fonts alone count as wide: too much room is
/// seen by nobody.
fn char_width(c: char, font: f64) -> f64 {
    let halves = u32::try_from(c.width_cjk().unwrap_or(0)).unwrap_or(0);
    f64::from(halves) * HALF_EM * font
}

/// Cuts a text to a width; what does not fit at all is left out.
#[must_use]
pub fn fit(text: &str, width: f64, font: f64) -> String {
    if self::width(text, font) <= width {
        return text.to_owned();
    }
    let mut room = width - char_width('…', font);
    let mut kept = String::new();
    for c in text.chars() {
        room -= char_width(c, font);
        if room < 0.0 {
            break;
        }
        kept.push(c);
    }
    if kept.is_empty() { kept } else { kept + "…" }
}

/// Breaks a text into at most `lines` lines, the last of which is cut where more is left: between
/// words where it has them, anywhere else in Chinese.
#[must_use]
pub fn wrap(text: &str, width: f64, font: f64, lines: usize) -> Vec<String> {
    let mut rest = text.trim();
    let mut broken = Vec::new();
    while !rest.is_empty() {
        if broken.len() + 1 >= lines {
            broken.push(fit(rest, width, font));
            break;
        }
        let (line, after) = rest.split_at(line_end(rest, width, font));
        broken.push(line.trim_end().to_owned());
        rest = after.trim_start();
    }
    broken
}

/// Breaks a text into lines for a terminal, of at most so many columns each.
#[must_use]
pub fn wrap_columns(text: &str, columns: usize) -> Vec<String> {
    // Half a column more, so that a full line is full in spite of rounding.
    let columns = f64::from(u16::try_from(columns).unwrap_or(u16::MAX)) + 0.5;
    wrap(text, columns * HALF_EM, 1.0, usize::MAX)
}

/// Returns where the first line of a text ends; never at its beginning.
fn line_end(text: &str, width: f64, font: f64) -> usize {
    let mut room = width;
    let mut last = '\0';
    // The last place where a line may end, and whether it is a good one.
    let mut end = None;
    for (at, c) in text.char_indices() {
        let kept = CLOSING.contains(c) || OPENING.contains(last);
        let breaks = c == ' ' || ((is_wide(c) || is_wide(last)) && !kept);
        if at > 0 && breaks {
            end = Some(at);
        }
        room -= char_width(c, font);
        if room < 0.0 && c != ' ' {
            // A word longer than the line is cut where the line is full.
            return end.unwrap_or(at).max(text.chars().next().map_or(0, char::len_utf8));
        }
        last = c;
    }
    text.len()
}

fn is_wide(c: char) -> bool {
    c.width() == Some(2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn chinese_counts_double_and_long_labels_end_in_an_ellipsis() {
        assert!(width("定位根因", 10.0) > 2.0 * width("abc", 10.0));
        assert_eq!(fit("定位根因", 1000.0, 10.0), "定位根因");
        let cut = fit("定位根因并切换到备用机房", 60.0, 10.0);
        assert!(cut.ends_with('…') && width(&cut, 10.0) <= 60.0, "{cut}");
        assert_eq!(fit("定位", 3.0, 10.0), "");
    }

    #[test]
    fn titles_break_between_words_or_anywhere_in_chinese() {
        assert_eq!(wrap("Incident commander", 80.0, 11.0, 2), ["Incident", "commander"]);
        assert_eq!(wrap("市场公关负责人", 60.0, 11.0, 2)[0].chars().count(), 4);
        assert_eq!(wrap("技术", 60.0, 11.0, 2), ["技术"]);
        assert_eq!(wrap("关闭受影响系统、隔离", 85.0, 11.0, 3), ["关闭受影响系", "统、隔离"]);
    }

    #[test]
    fn no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() {
        assert_eq!(wrap("甲乙丙丁，戊己", 50.0, 11.0, 3), ["甲乙丙", "丁，戊己"]);
        assert_eq!(wrap("甲乙丙“丁戊", 50.0, 11.0, 3), ["甲乙丙", "“丁戊"]);
    }

    #[test]
    fn a_line_of_a_terminal_is_filled_to_its_last_column() {
        assert_eq!(wrap_columns("定位根因", 8), ["定位根因"]);
        assert_eq!(wrap_columns("定位根因", 7), ["定位根", "因"]);
        assert_eq!(wrap_columns("a b", 2), ["a", "b"]);
        let long = "定".repeat(100);
        assert_eq!(wrap_columns(&long, 200), [long.as_str()]);
    }

    proptest! {
        #[test]
        fn every_line_fits_and_nothing_is_lost_while_there_are_lines(text in "[a-z定位，。 ]{0,60}") {
            let lines = wrap(&text, 60.0, 11.0, 60);
            for line in &lines {
                prop_assert!(width(line, 11.0) <= 60.0, "{line}");
            }
            let kept = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(kept(&lines.concat()), kept(&text));
        }

        #[test]
        fn no_text_takes_more_lines_than_given(text in "\\PC{0,80}", lines in 1_usize..4) {
            let broken = wrap(&text, 60.0, 11.0, lines);
            prop_assert!(broken.len() <= lines);
            prop_assert!(broken.iter().all(|line| width(line, 11.0) <= 60.0));
        }
    }
}
