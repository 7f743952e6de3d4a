//! Signatures beside an independent implementation, Apprise's, which `tests/run` fetches.

use super::*;
use crate::notify::peer;

#[test]
fn apprise_signs_for_dingtalk_as_we_do() {
    let Some(python) = peer::python_with("apprise") else { return };
    let robot = DingTalk {
        url: Secret::new("https://oapi.dingtalk.com/robot/send?access_token=abc"),
        secret: Some(Secret::new("SEC0123456789abcdef")),
    };
    let url = robot.write(&to("", page(Lang::Zh))).unwrap().remove(0).url;
    let case = serde_json::json!({ "secret": "SEC0123456789abcdef", "url": url });
    peer::run(&python, "tests/channels/dingtalk.py", &[], &case.to_string());
}
