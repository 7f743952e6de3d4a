//! Splitting, by example and by law.

use proptest::prelude::*;

use super::*;
use crate::notify::gate::Pass;
use crate::notify::message::tests::page;
use crate::notify::route::Destination;
use crate::text::Lang;

fn bytes(block: &Block) -> usize {
    block.plain().len() + 1
}

fn page_of(blocks: Vec<Block>) -> Page {
    Page { title: "#42".into(), blocks }
}

#[test]
fn a_message_becomes_a_heading_lines_and_links_with_the_drill_s_mark() {
    let to = Destination { address: String::new(), shared: true };
    let at = jiff::Timestamp::UNIX_EPOCH;
    let tree =
        Page::of(&crate::notify::Outgoing::new(Pass::for_test(true), to, page(Lang::Zh), at));
    assert_eq!(tree.title, "【演练】#42 客服系统中断 <华东>");
    let [Block::Heading(heading), Block::Line(_), Block::Line(_), Block::Gap, Block::Link { .. }] =
        tree.blocks.as_slice()
    else {
        panic!("{tree:?}")
    };
    assert_eq!(heading, "【演练】请确认担任总指挥");
}

#[test]
fn parts_say_which_they_are_and_no_character_is_torn() {
    let parts = page_of(vec![Block::Line("中".repeat(10))]).parts(16, bytes);
    let titles: Vec<_> = parts.iter().map(|part| part.title.as_str()).collect();
    assert_eq!(titles, ["#42 (1/2)", "#42 (2/2)"]);
    let plain: Vec<_> = parts.iter().map(Page::plain).collect();
    assert_eq!(plain, ["中中中中中", "中中中中中"]);
}

#[test]
fn what_does_not_fit_into_the_last_part_ends_with_a_sign() {
    let parts = page_of(vec![Block::Line("长".repeat(100))]).parts(31, bytes);
    assert_eq!(parts.len(), PARTS_MAX);
    assert!(parts[2].plain().ends_with("\n…"), "{:?}", parts[2].plain());
}

#[test]
fn half_an_address_is_no_link() {
    let url = format!("https://bell.example/{}", "x".repeat(99));
    let parts = page_of(vec![Block::Link { label: "事件".into(), url }]).parts(40, bytes);
    assert_eq!(parts[0].blocks, [Block::Line("事件".into())]);
}

#[test]
fn what_hides_in_a_text_is_taken_out() {
    assert_eq!(clean("a\u{202e}b\u{200b}c\u{1b}[0m\td"), "abc[0m d");
}

fn blocks() -> impl Strategy<Value = Vec<Block>> {
    let text = "[a-z中文é😀<@* ]{0,60}";
    let block = prop_oneof![
        text.prop_map(Block::Heading),
        text.prop_map(Block::Line),
        text.prop_map(Block::Item),
        "[a-z]".prop_map(|label| Block::Link { label, url: "https://a.example/".into() }),
        Just(Block::Gap),
    ];
    proptest::collection::vec(block, 0..12)
}

proptest! {
    #[test]
    fn every_part_keeps_its_room_and_nothing_is_lost_unsaid(
        blocks in blocks(), room in 30_usize..400,
    ) {
        let whole: String = page_of(blocks.clone()).plain().replace(['\n', '-', ' '], "");
        let parts = page_of(blocks).parts(room, bytes);
        prop_assert!((1..=PARTS_MAX).contains(&parts.len()));
        for part in &parts {
            prop_assert!(part.blocks.iter().map(bytes).sum::<usize>() <= room);
        }
        let told: String = parts.iter().map(Page::plain).collect();
        let told = told.replace(['\n', '-', ' '], "");
        prop_assert!(told == whole || told.ends_with('…'), "{told} / {whole}");
    }

    #[test]
    fn a_shortened_text_keeps_its_bytes(text in "\\PC{0,80}", bytes in 4_usize..100) {
        let short = shorten(&text, bytes);
        prop_assert!(short.len() <= bytes.max(7), "{short}");
        prop_assert!(short == text || short.ends_with('…'));
    }
}
