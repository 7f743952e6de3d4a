//! Any bytes as a plan: loading never panics, its findings can always be shown, and a plan that
//! loads can be pinned and restored.
//!
//! ```sh
//! cargo fuzz run playbook fuzz/corpus/playbook tests/corpus/good tests/corpus/bad playbooks -- \
//!     -dict=fuzz/playbook.dict -max_len=65536 -timeout=5 -rss_limit_mb=1024
//! ```

#![no_main]
#![expect(dead_code, reason = "what the rest of the crate uses is part of it too")]

#[path = "../../src/id.rs"]
pub mod id;
#[path = "../../src/people/mod.rs"]
pub mod people;
#[path = "../../src/playbook/mod.rs"]
pub mod playbook;
#[path = "../../src/text/mod.rs"]
pub mod text;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

use crate::people::Directory;
use crate::playbook::diagnostic::Rendering;
use crate::playbook::{Context, Playbook};
use crate::text::Lang;

/// Some instant, for the rules about rosters.
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fuzz_target!(|bytes: &[u8]| {
    let directory = Directory::built_in();
    let context = Context { directory: Some(&directory), now: Some(NOW), ..Context::default() };
    let loaded = Playbook::load("fuzz.yaml", bytes, &context);
    for lang in Lang::ALL {
        let _ = loaded.findings.render(Rendering::plain(lang));
        let _ = loaded.findings.rows(lang);
    }
    assert_eq!(loaded.playbook.is_none(), loaded.findings.has_errors());
    if let Some(playbook) = loaded.playbook {
        let written = playbook.bundle.write();
        let restored = Playbook::restore(&written).expect("what loads can be restored");
        assert_eq!(playbook.hash, restored.hash);
    }
});
