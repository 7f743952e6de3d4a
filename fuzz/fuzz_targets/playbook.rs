//! Any bytes as a plan: loading never panics, its findings can always be shown, and a plan that
//! loads can be pinned and restored.
//!
//! ```sh
//! cargo fuzz run playbook -- -dict=fuzz/playbook.dict fuzz/corpus/playbook tests/corpus/good \
//!     tests/corpus/bad playbooks
//! ```

#![no_main]

use firebell::people::Directory;
use firebell::playbook::diagnostic::Rendering;
use firebell::playbook::{Context, Playbook};
use firebell::text::Lang;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let directory = Directory::built_in();
    let loaded = Playbook::load("fuzz.yaml", bytes, &Context { directory: Some(&directory) });
    for lang in Lang::ALL {
        let _ = loaded.findings.render(Rendering::plain(lang));
        let _ = loaded.findings.rows(lang);
    }
    assert_eq!(loaded.playbook.is_none(), loaded.findings.has_errors());
    if let Some(playbook) = loaded.playbook {
        let restored = Playbook::restore(&playbook.source).expect("what loads can be restored");
        assert_eq!(playbook.hash, restored.hash);
    }
});
