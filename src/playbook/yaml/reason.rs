//! Why a text stops being YAML, in Chinese: the parser gives its reasons as English sentences.

use crate::text::phrase::{Phrase, chinese_or_quoted};

const REASONS: &[Phrase] = &[
    ("unexpected EOF while parsing {}", "文件在一个列表或映射的中间结束"),
    ("unexpected eof", "文件提前结束"),
    ("unexpected end of input", "文件提前结束"),
    ("did not find expected <document start>", "此处的内容不属于任何键，检查上一行的缩进和引号"),
    ("while parsing a block mapping, did not find expected key", "此处应是一个键，检查缩进"),
    (
        "while parsing a block collection, did not find expected '-' indicator",
        "此处应是以 `-` 开头的一项，检查缩进",
    ),
    (
        "while parsing a flow mapping, did not find expected ',' or '}'",
        "大括号中此处应是 `,` 或 `}`",
    ),
    ("while parsing a flow sequence, expected ',' or ']'", "方括号中此处应是 `,` 或 `]`"),
    ("while parsing a node, did not find expected node content", "此处应有一个值"),
    ("simple key expected ':'", "键的后面应有 `:`"),
    ("simple key is no longer valid", "键须写在一行内，后面跟 `:`"),
    ("mapping values are not allowed in this context", "此处不能有 `:`；值中含 `: ` 时加引号"),
    ("mapping keys are not allowed in this context", "此处不能有键"),
    ("block sequence entries are not allowed in this context", "此处不能有以 `-` 开头的项"),
    ("'-' must be followed by a valid YAML whitespace", "`-` 后面须有空格"),
    ("':' must be followed by a valid YAML whitespace", "`:` 后面须有空格"),
    ("':' may not precede any of {}", "`:` 后面须有空格"),
    ("illegal placement of ':' indicator", "此处不能有 `:`"),
    ("{} is only valid inside a block", "括号中不能有以 `-` 开头的项"),
    ("plain scalar cannot start with '-' followed by {}", "以 `-` 开头的值须加引号"),
    ("unexpected character: `{}'", "此处不能有字符 `{0}`；以它开头的值须加引号"),
    ("tabs disallowed {}", "此处不能用制表符，改用空格"),
    ("tab cannot be used as indentation", "缩进不能用制表符，改用空格"),
    ("a block scalar content cannot start with a tab", "文本块的缩进不能用制表符，改用空格"),
    ("while scanning a plain scalar, found a tab", "此处不能用制表符，改用空格"),
    ("invalid indentation{}", "缩进不对"),
    ("invalid indentation", "缩进不对"),
    ("wrongly indented line in block scalar", "文本块中这一行的缩进不对"),
    ("folded block scalars must indent their content", "文本块的内容须缩进"),
    (
        "while scanning a block scalar, found an indentation indicator equal to 0",
        "文本块的缩进数不能为 0",
    ),
    ("while scanning a block scalar, {}", "`|` 或 `>` 之后应直接换行"),
    ("unclosed quote", "引号没有闭合"),
    ("unclosed bracket '{}'", "括号 `{0}` 没有闭合"),
    ("mismatched bracket '{}' closed by '{}'", "括号 `{0}` 不能用 `{1}` 闭合"),
    ("misplaced bracket", "多了一个闭合的括号"),
    ("invalid trailing content after {}", "引号闭合之后不能再有内容"),
    (
        "while scanning a quoted scalar, found unexpected document indicator",
        "引号没有闭合，就遇到了 `---` 或 `...`",
    ),
    (
        "while parsing a quoted scalar, found unknown escape character",
        "双引号中没有这个转义符；要写反斜杠本身，改用单引号",
    ),
    ("while parsing a quoted scalar, {}", "双引号中的 Unicode 转义写得不对"),
    (
        "while scanning an anchor or alias, did not find expected alphabetic or numeric character",
        "`&` 或 `*` 之后应是名称；以它开头的值须加引号",
    ),
    ("the handle wasn't declared", "标签的前缀没有声明；以 `!` 开头的值须加引号"),
    ("while scanning a tag, {}", "标签写得不对；以 `!` 开头的值须加引号"),
    ("while parsing a tag, {}", "标签写得不对；以 `!` 开头的值须加引号"),
    ("while scanning a verbatim tag, {}", "标签写得不对；以 `!` 开头的值须加引号"),
    ("while scanning a directive, {}", "以 `%` 开头的指令写得不对；以它开头的值须加引号"),
    ("while scanning a YAML directive, {}", "以 `%` 开头的指令写得不对；以它开头的值须加引号"),
    ("missing explicit document end marker before directive", "以 `%` 开头的指令只能写在文件开头"),
    ("invalid content after document end marker", "`...` 之后不能再有内容"),
    ("comment{}", "注释的 `#` 前须有空格，且不能插在多行文本中间"),
    ("a BOM must not appear inside a document", "文件中间有一个字节顺序标记（BOM）"),
    ("list or mapping end with no start", "列表或映射只有结尾，没有开头"),
    ("YAML merge value must be {}", "`<<` 的值须是映射，或映射的列表"),
    ("unexpected container end while {}", "列表或映射在不该结束处结束"),
    ("{}recursion limit exceeded", "嵌套过深"),
    ("recursion limit exceeded", "嵌套过深"),
];

/// Says a reason of the parser in Chinese; quotes one that is not known.
pub(super) fn chinese(said: &str) -> String {
    chinese_or_quoted(said, REASONS)
}

#[cfg(test)]
mod tests {
    use crate::playbook::source::Source;
    use crate::playbook::yaml::parse;
    use crate::text::Lang;

    /// Ways in which people break YAML.
    const BROKEN: [&str; 36] = [
        "a: [1, 2\nb: 3\n",
        "a: \"unclosed\n",
        "a: 'unclosed\n",
        "a:\n\t- x\n",
        "\ta: 1\n",
        "a: b: c\n",
        "a: 1\n b: 2\n",
        "a:\n  - x\n y: 1\n",
        "a:\n- x\nb\n",
        "- a\nb: 1\n",
        "a: {b: 1\n",
        "a: {b: 1]\n",
        "a: ]\n",
        "a: }\n",
        "a: @x\n",
        "a: `x`\n",
        "a: \"\\q\"\n",
        "a: \"\\u12\"\n",
        "a: 'x' y\n",
        "a: \"x\" y\n",
        "a: & x\n",
        "a: *\n",
        "a: !e!x 1\n",
        "a: |0\n  x\n",
        "a: | x\n  y\n",
        "a: >\n\tx\n",
        "%FOO\na: 1\n",
        "a: 1\n%YAML 1.2\n",
        "a: \"x\n---\ny\"\n",
        "a: - b\n",
        "[a, -]\n",
        "? [a\n",
        "<<: 1\n",
        "a: [b, c: {d]\n",
        "a: !<x 1\n",
        "a\nb: 1\nc\n",
    ];

    #[test]
    fn a_reason_is_given_in_chinese() {
        let mut english = Vec::new();
        for text in BROKEN {
            let source = Source::new("x.yaml", text).expect("plain text");
            let Err(diagnostic) = parse(&source) else { continue };
            let words = std::iter::once(&diagnostic.message).chain(&diagnostic.notes);
            for words in words.chain(&diagnostic.help) {
                let said = words.get(Lang::Zh);
                if said.contains('“') {
                    english.push(format!("{text:?}: {said}"));
                }
            }
        }
        assert!(english.is_empty(), "{english:#?}");
    }

    #[test]
    fn most_of_these_are_refused() {
        let refused =
            |text: &&&str| parse(&Source::new("x.yaml", **text).expect("plain text")).is_err();
        assert!(BROKEN.iter().filter(refused).count() > 25);
    }
}
