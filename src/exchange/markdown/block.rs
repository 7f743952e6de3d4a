//! The blocks of a Markdown text: headings, paragraphs, lists with their items, rows of tables.
//! It must not know what they become.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::exchange::draft::tidy;

/// The deepest list that is kept nested; what lies deeper is put beside.
const NESTED_MAX: usize = 8;

/// Stands around what was struck through.
pub(super) const STRUCK: &str = "~~";

/// One block of a runbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// A heading with its level, from 1.
    Heading(u8, String),
    /// A paragraph, a quotation or code.
    Text(String),
    /// A list, numbered or not.
    List { numbered: bool, items: Vec<Item> },
    /// A table.
    Table(Table),
}

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Item {
    pub(super) text: String,
    /// It has a checkbox.
    pub(super) task: bool,
    /// The checkbox is ticked.
    pub(super) ticked: bool,
    pub(super) items: Vec<Item>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// Writes each row in one line, each cell after the name of its column. A column that no row
    /// fills stands in the first.
    pub(super) fn lines(&self) -> Vec<String> {
        let empty = |n: usize| self.rows.iter().all(|row| row.get(n).is_none_or(String::is_empty));
        let line = |(nth, row): (usize, &Vec<String>)| {
            let cells = row.iter().enumerate().filter_map(|(n, cell)| {
                match self.head.get(n).filter(|head| !head.is_empty()) {
                    Some(head) if !cell.is_empty() => Some(format!("{head}: {cell}")),
                    Some(head) if nth == 0 && empty(n) => Some(format!("{head}:")),
                    _ => Some(cell.clone()).filter(|cell| !cell.is_empty()),
                }
            });
            cells.collect::<Vec<_>>().join("; ")
        };
        let lines = self.rows.iter().enumerate().map(line);
        lines.filter(|line| !line.is_empty()).collect()
    }
}

/// Reads the blocks of a text.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES;
    let mut reader = Reader::default();
    for (event, place) in Parser::new_ext(text, options).into_offset_iter() {
        if matches!(event, Event::End(TagEnd::TableRow)) {
            reader.overhang(&text[reader.cell_end.clamp(place.start, place.end)..place.end]);
        }
        if matches!(event, Event::End(TagEnd::TableCell)) {
            reader.cell_end = place.end;
        }
        reader.event(event);
    }
    reader.flush();
    reader.blocks
}

enum Frame {
    List(bool, Vec<Item>),
    Item(Item),
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    frames: Vec<Frame>,
    /// The words that are being read.
    words: String,
    links: Vec<String>,
    table: Table,
    row: Vec<String>,
    /// Where the last cell ended in the text.
    cell_end: usize,
}

impl Reader {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.words.push_str(&text);
            }
            Event::Code(text) => {
                self.words.push('`');
                self.words.push_str(&text);
                self.words.push('`');
            }
            Event::InlineMath(text) | Event::DisplayMath(text) => self.words.push_str(&text),
            Event::FootnoteReference(name) => self.words.push_str(&format!("[^{name}]")),
            Event::SoftBreak => self.words.push(' '),
            Event::HardBreak => self.words.push('\n'),
            Event::Rule => self.flush(),
            Event::TaskListMarker(ticked) => {
                if let Some(Frame::Item(item)) = self.frames.last_mut() {
                    (item.task, item.ticked) = (true, ticked);
                }
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::List(first) => {
                self.flush();
                self.frames.push(Frame::List(first.is_some(), Vec::new()));
            }
            Tag::Item => {
                self.flush();
                self.frames.push(Frame::Item(Item::default()));
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                let language = match &kind {
                    CodeBlockKind::Fenced(language) => language.as_ref(),
                    CodeBlockKind::Indented => "",
                };
                self.words.push_str(&format!("```{language}\n"));
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push(dest_url.to_string());
            }
            Tag::Table(_) => {
                self.flush();
                self.table = Table::default();
            }
            Tag::TableHead | Tag::TableRow => self.row = Vec::new(),
            Tag::Strikethrough => self.words.push_str(STRUCK),
            Tag::FootnoteDefinition(name) => {
                self.flush();
                self.words.push_str(&format!("[^{name}]: "));
            }
            // The words of a footnote stand beside its name.
            Tag::Paragraph if self.words.ends_with("]: ") => {}
            Tag::Emphasis | Tag::Strong | Tag::TableCell => {}
            _ => self.flush(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => self.heading(level),
            TagEnd::CodeBlock => {
                if !self.words.ends_with('\n') {
                    self.words.push('\n');
                }
                self.words.push_str("```");
                self.flush();
            }
            TagEnd::Link | TagEnd::Image => {
                let address = self.links.pop().unwrap_or_default();
                if !address.is_empty() && !self.words.ends_with(&address) {
                    self.words.push_str(&format!(" ({address})"));
                }
            }
            TagEnd::TableCell => {
                let cell = tidy(self.words.trim()).replace('\n', " ");
                self.row.push(cell);
                self.words.clear();
            }
            TagEnd::TableHead => self.table.head = std::mem::take(&mut self.row),
            TagEnd::TableRow => self.table.rows.push(std::mem::take(&mut self.row)),
            TagEnd::Table => self.close_table(),
            TagEnd::Item => self.close_item(),
            TagEnd::List(_) => self.close_list(),
            TagEnd::Strikethrough => self.words.push_str(STRUCK),
            TagEnd::Emphasis | TagEnd::Strong => {}
            _ => self.flush(),
        }
    }

    /// Puts the words that were read where they belong.
    fn flush(&mut self) {
        let words = tidy(std::mem::take(&mut self.words).trim());
        // A comment is for those who read the file, not the page.
        let comment = words.starts_with("<!--") && words.ends_with("-->");
        if words.is_empty() || comment {
            return;
        }
        match self.frames.last_mut() {
            Some(Frame::Item(item)) if item.text.is_empty() => item.text = words,
            Some(Frame::Item(item)) => {
                item.text.push('\n');
                item.text.push_str(&words);
            }
            _ => self.blocks.push(Block::Text(words)),
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        if self.frames.is_empty() {
            let words = tidy(std::mem::take(&mut self.words).trim()).replace('\n', " ");
            if !words.is_empty() {
                self.blocks.push(Block::Heading(level as u8, words));
            }
        } else {
            self.flush();
        }
    }

    fn close_table(&mut self) {
        let table = std::mem::take(&mut self.table);
        match self.frames.last_mut() {
            Some(Frame::Item(item)) => {
                let head = table.head.join("; ");
                let lines = if table.rows.is_empty() { vec![head] } else { table.lines() };
                let lines = lines.into_iter().filter(|line| !line.is_empty());
                item.items.extend(lines.map(|text| Item { text, ..Item::default() }));
            }
            _ => self.blocks.push(Block::Table(table)),
        }
    }

    /// Keeps the cells of a row that has more of them than the table has columns.
    fn overhang(&mut self, rest: &str) {
        let mut cells = vec![String::new()];
        let mut escaped = false;
        for c in rest.trim().trim_start_matches('|').chars() {
            match cells.last_mut() {
                Some(_) if c == '|' && !escaped => cells.push(String::new()),
                Some(cell) => cell.push(c),
                None => {}
            }
            escaped = c == '\\' && !escaped;
        }
        let cells = cells.iter().map(|cell| tidy(cell.trim()).replace("\\|", "|"));
        self.row.extend(cells.filter(|cell| !cell.is_empty()));
    }

    fn close_item(&mut self) {
        self.flush();
        let Some(Frame::Item(mut item)) = self.frames.pop() else { return };
        let deep = self.frames.len() / 2 >= NESTED_MAX;
        let Some(Frame::List(_, items)) = self.frames.last_mut() else { return };
        let below = if deep { std::mem::take(&mut item.items) } else { Vec::new() };
        items.push(item);
        items.extend(below);
    }

    fn close_list(&mut self) {
        self.flush();
        let Some(Frame::List(numbered, items)) = self.frames.pop() else { return };
        match self.frames.last_mut() {
            Some(Frame::Item(item)) => item.items.extend(items),
            _ => self.blocks.push(Block::List { numbered, items }),
        }
    }
}
