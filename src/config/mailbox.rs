//! Whether a text can be a mailbox: `li@shop.example`, or `Duty <duty@shop.example>`.
//!
//! Stricter than RFC 5322, which allows comments, quotes and folded lines that no one types into a
//! roster: whatever passes here can be sent to.

/// The longest local part, from RFC 5321 §4.5.3.1.1.
const LOCAL_BYTES_MAX: usize = 64;
/// The longest domain, from RFC 5321 §4.5.3.1.2.
const DOMAIN_BYTES_MAX: usize = 255;

/// Tells whether `text` is an address, alone or in `<…>` behind a name.
pub(super) fn is_mailbox(text: &str) -> bool {
    match text.strip_suffix('>').map(|inside| inside.rsplit_once('<')) {
        Some(Some((name, address))) => is_name(name) && is_address(address),
        Some(None) => false,
        None => is_address(text),
    }
}

fn is_name(name: &str) -> bool {
    !name.chars().any(|c| c.is_control() || "<>\",:;@\\".contains(c))
}

fn is_address(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let atom = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
    };
    let label = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    local.len() <= LOCAL_BYTES_MAX
        && domain.len() <= DOMAIN_BYTES_MAX
        && local.split('.').all(atom)
        && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_people_type_are_mailboxes() {
        for text in [
            "li@shop.example",
            "li.lei+pager@shop.example",
            "root@localhost",
            "值班 <duty@shop.example>",
            "<duty@shop.example>",
        ] {
            assert!(is_mailbox(text), "{text}");
        }
    }

    #[test]
    fn what_could_smuggle_a_header_or_reach_nobody_is_none() {
        for text in [
            "",
            "li",
            "@shop.example",
            "li@",
            "li@shop..example",
            ".li@shop.example",
            "li@-shop.example",
            "li@shop.example, han@shop.example",
            "li@shop.example\r\nBcc: x@y.example",
            "a\nb <li@shop.example>",
            "li lei@shop.example",
            "Li li@shop.example",
            "Li <li@shop.example",
            "客服@shop.example",
        ] {
            assert!(!is_mailbox(text), "{text}");
        }
    }
}
