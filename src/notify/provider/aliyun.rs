//! Short messages by Aliyun: no free text, only a registered template under a registered signature
//! with its variables; requests are signed with ACS3-HMAC-SHA256; `Code` says how it went.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;
use smol_str::SmolStr;

use super::{Provider, said};
use crate::notify::channel::Delivery;
use crate::notify::encode::{hmac_sha256, percent, sha256_hex};
use crate::notify::outgoing::Outgoing;
use crate::notify::page::{clean, cut};
use crate::notify::reply::{Class, Known, Post, Reply, Verb, by_code, by_status, known};
use crate::notify::secret::Secret;
use crate::notify::why::{Why, WhyCode};

/// Where the service is.
pub const SERVER: &str = "https://dysmsapi.aliyuncs.com";

/// The most characters of a variable: longer ones are refused for most templates.
const VARIABLE_CHARS_MAX: usize = 35;

/// What the service's codes mean.
const CODES: &[Known] = &[
    known(
        "isv.BUSINESS_LIMIT_CONTROL",
        Class::Never,
        "该号码的短信数已到上限（通知类每签名每模板 24 小时 50 条），改走下一渠道",
        "this number has had its messages (50 in 24 h for each signature and template); the next \
         channel is tried",
    ),
    known("Throttling.User", Class::Later(1), "请求过多被限流", "it was sent too much"),
    known("Throttling", Class::Later(1), "请求过多被限流", "it was sent too much"),
    known("isp.SYSTEM_ERROR", Class::Later(5), "短信系统错误，会自动重试", "it failed inside"),
    known("isv.SYSTEM_ERROR", Class::Later(5), "短信系统错误，会自动重试", "it failed inside"),
    known(
        "isv.OUT_OF_SERVICE",
        Class::Mend(WhyCode::NotAuthorised),
        "账户已停机：请充值",
        "the account is out of money",
    ),
    known(
        "isv.AMOUNT_NOT_ENOUGH",
        Class::Mend(WhyCode::NotAuthorised),
        "账户余额不足：请充值",
        "the account is out of money",
    ),
    known(
        "isv.SMS_SIGNATURE_ILLEGAL",
        Class::Mend(WhyCode::NotAuthorised),
        "短信签名不存在或未通过审核：核对 sign",
        "the signature does not exist or is not approved: check `sign`",
    ),
    known(
        "isv.SMS_TEMPLATE_ILLEGAL",
        Class::Mend(WhyCode::NotAuthorised),
        "短信模板不存在或未通过审核：核对模板编号",
        "the template does not exist or is not approved: check its code",
    ),
    known(
        "isv.SMS_SIGN_ILLEGAL",
        Class::Mend(WhyCode::NotAuthorised),
        "短信签名不可用：核对 sign",
        "the signature cannot be used: check `sign`",
    ),
    known(
        "SignatureDoesNotMatch",
        Class::Mend(WhyCode::NotAuthorised),
        "AccessKey 密钥不符：核对 key_secret",
        "the key's secret is not the right one: check `key_secret`",
    ),
    known(
        "InvalidAccessKeyId.NotFound",
        Class::Mend(WhyCode::NotAuthorised),
        "AccessKey 不存在：核对 key_id",
        "there is no such access key: check `key_id`",
    ),
    known(
        "InvalidTimeStamp.Expired",
        Class::Mend(WhyCode::NotAuthorised),
        "时间戳过期：校准服务器时钟",
        "the timestamp is too old: set this machine's clock",
    ),
    known("isv.MOBILE_NUMBER_ILLEGAL", Class::Never, "号码无效", "the number is not valid"),
    known("isv.INVALID_PARAMETERS", Class::Never, "参数不被接受", "a parameter is not accepted"),
    known(
        "isv.TEMPLATE_MISSING_PARAMETERS",
        Class::Never,
        "模板变量不全：核对 vars",
        "the template wants more variables: check `vars`",
    ),
    known("isv.PARAM_LENGTH_LIMIT", Class::Never, "模板变量过长", "a variable is too long"),
    known("isv.BLACK_KEY_CONTROL_LIMIT", Class::Never, "变量含禁用词", "a word is not allowed"),
];

/// What a variable of the channel's own template is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// The incident's number.
    Number,
    /// The incident's title.
    Title,
    /// The incident's level.
    Level,
    /// The line that says what is wanted.
    Headline,
    /// The role it is about.
    Role,
    /// The first link.
    Link,
}

/// An account with a registered signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliyunSms {
    /// Where the service is, without a slash at its end.
    pub server: String,
    /// The id of the access key.
    pub key_id: String,
    /// Its secret.
    pub key_secret: Secret,
    /// The registered signature that messages open with.
    pub sign: String,
    /// The template for messages whose plan names none.
    pub template: Option<SmolStr>,
    /// What its variables are filled with.
    pub vars: Vec<(SmolStr, Filled)>,
}

impl AliyunSms {
    /// Returns the template with its variables: the plan's, else the channel's.
    fn filled(&self, outgoing: &Outgoing) -> Result<(SmolStr, BTreeMap<SmolStr, String>), Why> {
        let facts = outgoing.facts();
        let (template, mut vars): (_, Vec<(SmolStr, String)>) = match (&facts.sms, &self.template) {
            (Some(sms), _) => (sms.template.clone(), sms.vars.clone()),
            (None, Some(template)) => {
                let of = |what| self.of(outgoing, what);
                let vars = self.vars.iter().map(|(name, what)| (name.clone(), of(*what)));
                (template.clone(), vars.collect())
            }
            (None, None) => return Err(Why::with(WhyCode::BadRequest, "no SMS template")),
        };
        // There is no free text to mark a drill in, so its first variable says so that is no link.
        if outgoing.is_drill() {
            let place = vars.iter_mut().find(|(_, text)| !text.contains("://"));
            let (_, place) = place.ok_or_else(|| Why::new(WhyCode::DrillUnmarked))?;
            place.insert_str(0, outgoing.lang().pick("演练", "DRILL "));
        }
        let short = |text: String| {
            let text = clean(&text);
            cut(&text, |head| head.chars().count() <= VARIABLE_CHARS_MAX).0.to_owned()
        };
        Ok((template, vars.into_iter().map(|(name, text)| (name, short(text))).collect()))
    }

    fn of(&self, outgoing: &Outgoing, what: Filled) -> String {
        let facts = outgoing.facts();
        let incident = facts.incident.as_ref();
        let known = match what {
            Filled::Number => incident.map(|incident| incident.number.to_string()),
            Filled::Title => incident.map(|incident| incident.title.clone()),
            Filled::Level => incident.map(|incident| incident.level.to_string()),
            Filled::Headline => Some(facts.headline.clone()).filter(|line| !line.is_empty()),
            Filled::Role => facts.role.as_ref().map(ToString::to_string),
            Filled::Link => facts.links.first().map(|link| link.url.clone()),
        };
        known.unwrap_or_else(|| facts.subject.clone())
    }

    fn signed(&self, query: &BTreeMap<&str, String>, at: Timestamp, nonce: &str) -> Post {
        let host = self.server.split("://").last().unwrap_or_default();
        let sent = Request { host, action: "SendSms", version: "2017-05-25", query, nonce, at };
        let (query, headers) = sent.sign(&self.key_id, self.key_secret.expose());
        Post { verb: Verb::Post, url: format!("{}/?{query}", self.server), headers, body: vec![] }
    }
}

/// A request to an RPC service of Aliyun, without a body.
struct Request<'a> {
    host: &'a str,
    action: &'a str,
    version: &'a str,
    query: &'a BTreeMap<&'a str, String>,
    nonce: &'a str,
    at: Timestamp,
}

impl Request<'_> {
    /// Returns the query as it is signed, and the header fields with the signature (V3, as in the
    /// service's description of requests and signatures).
    fn sign(&self, key_id: &str, key_secret: &str) -> (String, Vec<(SmolStr, String)>) {
        let pairs = self.query.iter().map(|(name, value)| {
            let (name, value) = (percent(name), percent(value));
            format!("{name}={value}")
        });
        let query = pairs.collect::<Vec<_>>().join("&");
        let digest = sha256_hex(b"");
        let fields = BTreeMap::from([
            ("host", self.host.to_owned()),
            ("x-acs-action", self.action.to_owned()),
            ("x-acs-content-sha256", digest.clone()),
            ("x-acs-date", self.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ("x-acs-signature-nonce", self.nonce.to_owned()),
            ("x-acs-version", self.version.to_owned()),
        ]);
        let listed: String =
            fields.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let names = fields.keys().copied().collect::<Vec<_>>().join(";");
        let canonical = format!("POST\n/\n{query}\n{listed}\n{names}\n{digest}");
        let to_sign = format!("ACS3-HMAC-SHA256\n{}", sha256_hex(canonical.as_bytes()));
        let signature = hex::encode(hmac_sha256(key_secret.as_bytes(), to_sign.as_bytes()));
        let authorization = format!(
            "ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={names},Signature={signature}"
        );
        let mut headers: Vec<(SmolStr, String)> = fields
            .into_iter()
            .filter(|(name, _)| *name != "host")
            .map(|(name, value)| (name.into(), value))
            .collect();
        headers.push(("authorization".into(), authorization));
        (query, headers)
    }
}

impl Provider for AliyunSms {
    fn write(&self, outgoing: &Outgoing) -> Result<Vec<Post>, Why> {
        let (template, vars) = self.filled(outgoing)?;
        let number = outgoing.address().trim_start_matches('+').replace('-', "");
        let query = BTreeMap::from([
            ("PhoneNumbers", number.strip_prefix("86").unwrap_or(&number).to_owned()),
            ("SignName", self.sign.clone()),
            ("TemplateCode", template.to_string()),
            ("TemplateParam", json!(vars).to_string()),
            ("OutId", outgoing.facts().notice.to_string()),
        ]);
        let nonce = format!("{}-{}", outgoing.facts().notice, outgoing.at().as_nanosecond());
        Ok(vec![self.signed(&query, outgoing.at(), &nonce)])
    }

    fn judge(&self, reply: &Reply, now: Timestamp) -> Delivery {
        match said(reply, &["Code"], &["Message"]) {
            None if !reply.is_success() => by_status(reply, now),
            said => by_code(reply, now, said, "OK", CODES),
        }
    }

    fn endpoint(&self, _address: &str) -> String {
        self.server.clone()
    }

    fn codes(&self) -> &'static [Known] {
        CODES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_s_own_example_is_signed_the_same() {
        let query = BTreeMap::from([
            ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd".to_owned()),
            ("RegionId", "cn-shanghai".to_owned()),
        ]);
        let request = Request {
            host: "ecs.cn-shanghai.aliyuncs.com",
            action: "RunInstances",
            version: "2014-05-26",
            query: &query,
            nonce: "3156853299f313e23d1673dc12e1703d",
            at: "2023-10-26T10:22:32Z".parse().unwrap(),
        };
        let (query, headers) = request.sign("YourAccessKeyId", "YourAccessKeySecret");
        assert!(query.starts_with("ImageId=win2019"));
        let (_, authorization) = headers.last().unwrap();
        assert!(
            authorization.ends_with(
                "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
            ),
            "{authorization}"
        );
    }
}
