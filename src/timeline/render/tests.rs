//! The sample incident in every form and both languages, compared with what was agreed.

use super::*;
use crate::timeline::sample::Sample;

fn rendered(sample: &Sample, format: Format, lang: Lang) -> String {
    Timeline::build(&sample.story()).unwrap().render(format, lang, &sample.zone)
}

#[test]
fn the_sample_incident_reads_like_this_in_chinese() {
    let sample = Sample::played();
    insta::assert_snapshot!("sample_zh_md", rendered(&sample, Format::Markdown, Lang::Zh));
    insta::assert_snapshot!("sample_zh_text", rendered(&sample, Format::Text, Lang::Zh));
    insta::assert_snapshot!("sample_zh_csv", rendered(&sample, Format::Csv, Lang::Zh));
    insta::assert_snapshot!("sample_zh_html", rendered(&sample, Format::Html, Lang::Zh));
}

#[test]
fn the_sample_incident_reads_like_this_in_english() {
    let sample = Sample::played();
    insta::assert_snapshot!("sample_en_md", rendered(&sample, Format::Markdown, Lang::En));
    insta::assert_snapshot!("sample_en_text", rendered(&sample, Format::Text, Lang::En));
    insta::assert_snapshot!("sample_en_csv", rendered(&sample, Format::Csv, Lang::En));
    insta::assert_snapshot!("sample_en_html", rendered(&sample, Format::Html, Lang::En));
}

#[test]
fn programs_get_everything_in_both_languages() {
    let sample = Sample::in_progress(25);
    let json = rendered(&sample, Format::Json, Lang::En);
    assert_eq!(json, rendered(&sample, Format::Json, Lang::Zh));
    insta::assert_snapshot!("in_progress_json", json);
}

#[test]
fn a_drill_in_progress_says_that_it_is_one() {
    let sample = Sample::in_progress(25);
    for format in [Format::Markdown, Format::Text, Format::Html] {
        let zh = rendered(&sample, format, Lang::Zh);
        assert!(zh.contains("【演练】") && zh.contains("处置中"), "{zh}");
        let en = rendered(&sample, format, Lang::En);
        assert!(en.contains("DRILL") && en.contains("open ("), "{en}");
    }
}
