//! A message as a tree of blocks, before any provider's dialect: what providers show differently
//! (headings, links) stands apart, and everything else is plain text that nobody may mistake for
//! markup. Pure.

use super::outgoing::Outgoing;

/// The most parts one message is split into: whoever needs more is better served by the link.
pub const PARTS_MAX: usize = 3;

/// What stands where the rest was cut off.
const MORE: &str = "…";

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What it is about, in one line.
    pub title: String,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A piece of a message that stands on lines of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// What is wanted.
    Heading(String),
    /// A line of text.
    Line(String),
    /// An entry of a list.
    Item(String),
    /// Somewhere to go.
    Link {
        /// What is there.
        label: String,
        /// Where it is.
        url: String,
    },
    /// An empty line.
    Gap,
}

/// Makes a block of a text.
type Make = fn(String) -> Block;

impl Block {
    /// Returns the text of a block that can be cut, with the way to make the same block of a part
    /// of it.
    fn text(&self) -> Option<(&str, Make)> {
        match self {
            Self::Heading(text) => Some((text, Self::Heading)),
            Self::Line(text) => Some((text, Self::Line)),
            Self::Item(text) => Some((text, Self::Item)),
            Self::Link { .. } | Self::Gap => None,
        }
    }

    /// Returns the block as plain text.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::Heading(text) | Self::Line(text) => text.clone(),
            Self::Item(text) => format!("- {text}"),
            Self::Link { label, url } => format!("{label}: {url}"),
            Self::Gap => String::new(),
        }
    }
}

impl Page {
    /// Reads a message that may leave as a tree.
    #[must_use]
    pub fn of(outgoing: &Outgoing) -> Self {
        let (headline, text) = outgoing.paragraphs();
        let lines = text.lines().map(|line| match line.trim() {
            "" => Block::Gap,
            _ => Block::Line(clean(line)),
        });
        let mut blocks: Vec<Block> =
            headline.into_iter().map(|line| Block::Heading(clean(&line))).collect();
        blocks.extend(lines);
        let links = &outgoing.facts().links;
        if !links.is_empty() {
            blocks.push(Block::Gap);
        }
        let web = |url: &str| url.starts_with("https://") || url.starts_with("http://");
        blocks.extend(links.iter().map(|link| match web(&link.url) {
            true => Block::Link { label: clean(&link.label), url: link.url.clone() },
            // What a template made of it is nothing to click.
            false => Block::Line(clean(&format!("{}: {}", link.label, link.url))),
        }));
        Self { title: clean(&outgoing.subject()), blocks }
    }

    /// Splits the message into at most [`PARTS_MAX`] messages whose blocks take no more than `room`
    /// each, as `size` measures a rendered block with what separates it from the next. The titles
    /// of several parts say which they are.
    ///
    /// Text is cut between characters, never within one; what is left over ends in `…`.
    #[must_use]
    pub fn parts(self, room: usize, size: impl Fn(&Block) -> usize) -> Vec<Self> {
        let mut parts = pack(self.blocks, room, &size);
        if parts.len() > PARTS_MAX {
            parts.truncate(PARTS_MAX);
            if let Some(last) = parts.last_mut() {
                end_early(last, room, &size);
            }
        }
        let count = parts.len();
        let title = |nth: usize| match count {
            1 => self.title.clone(),
            _ => format!("{} ({}/{count})", self.title, nth + 1),
        };
        parts.into_iter().enumerate().map(|(n, blocks)| Self { title: title(n), blocks }).collect()
    }

    /// Returns the whole message as plain text without its title.
    #[must_use]
    pub fn plain(&self) -> String {
        self.blocks.iter().map(Block::plain).collect::<Vec<_>>().join("\n")
    }
}

/// Packs blocks into parts in their order. There is always one part.
fn pack(blocks: Vec<Block>, room: usize, size: &impl Fn(&Block) -> usize) -> Vec<Vec<Block>> {
    let mut parts = vec![Vec::new()];
    let mut taken = 0;
    for block in blocks {
        let mut rest = Some(shown(block, room, size));
        while let Some(block) = rest.take()
            && parts.len() <= PARTS_MAX + 1
        {
            let part = parts.last_mut().expect("there is always one part");
            let (wants, left) = (size(&block), room.saturating_sub(taken));
            if wants <= left {
                if block != Block::Gap || !part.is_empty() {
                    part.push(block);
                    taken += wants;
                }
                continue;
            }
            // What fits into a part of its own is not torn; what does not begins in this one, unless
            // there is hardly any room.
            let torn = wants > room && (part.is_empty() || left > room / 4);
            if torn && let Some((text, make)) = block.text() {
                let (head, tail) = cut(text, |head| size(&make(head.to_owned())) <= left);
                part.push(make(head.to_owned()));
                rest = Some(make(tail.to_owned()));
            } else {
                rest = Some(block);
            }
            parts.push(Vec::new());
            taken = 0;
        }
    }
    for part in &mut parts {
        while part.last() == Some(&Block::Gap) {
            part.pop();
        }
    }
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() { vec![Vec::new()] } else { parts }
}

/// Replaces a link that fits nowhere by its label: half an address leads nowhere.
fn shown(block: Block, room: usize, size: &impl Fn(&Block) -> usize) -> Block {
    let too_long = size(&block) > room;
    match block {
        Block::Link { label, .. } if too_long => Block::Line(label),
        block => block,
    }
}

/// Cuts a text after the longest beginning that fits, between two characters. Where not even one
/// fits, one is taken all the same.
///
/// `fits` holds for every beginning of a text that it holds for.
#[must_use]
pub fn cut(text: &str, fits: impl Fn(&str) -> bool) -> (&str, &str) {
    if fits(text) {
        return (text, "");
    }
    let ends: Vec<usize> = text.char_indices().map(|(at, c)| at + c.len_utf8()).collect();
    let count = ends.partition_point(|end| fits(&text[..*end])).max(1);
    text.split_at(ends.get(count - 1).copied().unwrap_or(0))
}

/// Cuts a text to a number of bytes, ending in `…` where something is missing.
#[must_use]
pub fn shorten(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let (head, _) = cut(text, |head| head.len() + MORE.len() <= bytes);
    format!("{head}{MORE}")
}

/// Makes room at the end of a part for the sign that something is missing.
fn end_early(part: &mut Vec<Block>, room: usize, size: &impl Fn(&Block) -> usize) {
    let more = Block::Line(MORE.to_owned());
    let taken = |part: &[Block]| part.iter().map(size).sum::<usize>();
    while taken(part) + size(&more) > room {
        let Some(last) = part.pop() else { break };
        let left = room.saturating_sub(taken(part) + size(&more));
        if let Some((text, make)) = last.text() {
            let (head, _) = cut(text, |head| size(&make(head.to_owned())) <= left);
            let head = make(head.to_owned());
            if size(&head) <= left {
                part.push(head);
            }
        }
    }
    part.push(more);
}

/// Removes what a screen cannot show and what turns text around: control characters, and the marks
/// that change its direction.
#[must_use]
pub fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !hidden(*c)).collect()
}

#[cfg(test)]
mod tests;
