//! The headings of manual pages in Chinese: all that is English in a page of Chinese words.

/// What stands alone in a line of the page, and its Chinese.
const LINES: [(&str, &str); 8] = [
    (".SH NAME", ".SH 名称"),
    (".SH SYNOPSIS", ".SH 概要"),
    (".SH DESCRIPTION", ".SH 说明"),
    (".SH OPTIONS", ".SH 选项"),
    (".SH SUBCOMMANDS", ".SH 命令"),
    (".SH EXTRA", ".SH 其他"),
    (".SH VERSION", ".SH 版本"),
    ("\\fIPossible values:\\fR", "\\fI可选值：\\fR"),
];

/// Puts Chinese headings into a page in roff.
#[must_use]
pub fn manual(page: &str) -> String {
    let mut said = String::with_capacity(page.len());
    for line in page.lines() {
        let known = LINES.iter().find(|(english, _)| *english == line);
        let line = known.map_or(line, |(_, chinese)| chinese);
        let line = line.replace("[default: ", "[默认值: ");
        said.push_str(&line.replace("\\fIsubcommands\\fR", "\\fI命令\\fR"));
        said.push('\n');
    }
    said
}
