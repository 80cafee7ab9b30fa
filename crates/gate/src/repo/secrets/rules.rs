//! What secrets look like, by what their makers say of their form. A rule has a keyword that the text around a secret can't do
//! without, a pattern whose first group (or whole) is the secret, and how random it has to be.

/// One kind of secret.
pub(super) struct Rule {
    pub(super) id: &'static str,
    pub(super) what: &'static str,
    /// In lower case; one of them stands close to every match.
    pub(super) keywords: &'static [&'static str],
    pub(super) pattern: &'static str,
    /// Bits per character.
    pub(super) entropy_min: f64,
    /// It knows a secret by the name it is given, not by its form.
    pub(super) is_general: bool,
}

const fn rule(
    id: &'static str,
    what: &'static str,
    keywords: &'static [&'static str],
    pattern: &'static str,
    entropy_min: f64,
) -> Rule {
    Rule { id, what, keywords, pattern, entropy_min, is_general: false }
}

/// In lower case; with one of these around it, nothing is a secret: words of documentation, variables, and rows of characters that
/// chance does not make.
pub(super) const PLACEHOLDERS: &[&str] = &[
    "example",
    "changeme",
    "change-me",
    "placeholder",
    "your-",
    "your_",
    "xxxx",
    "<",
    "${",
    "{{",
    "dummy",
    "redacted",
    "insert",
    "00000000",
    "0123456789",
    "abcdefgh",
];

/// Every rule.
pub(super) const RULES: &[Rule] = &[
    rule(
        "private-key",
        "a private key",
        &["private key"],
        r"-----BEGIN (?:[A-Z0-9 ]{0,20} )?PRIVATE KEY(?: BLOCK)?-----[\s\\nr]*((?:[A-Za-z0-9+/=:,-]+[\s\\nr]*){1,4})",
        3.5,
    ),
    rule("age-key", "an age key", &["age-secret-key-1"], r"\b(AGE-SECRET-KEY-1[0-9A-Z]{58})\b", 3.0),
    rule(
        "aws-access-key",
        "an AWS access key id",
        &["akia", "asia"],
        r"\b((?:AKIA|ASIA)[A-Z2-7]{16})\b",
        3.0,
    ),
    rule(
        "aws-secret-key",
        "an AWS secret key",
        &["aws_secret", "aws-secret", "secretaccesskey", "secret_access_key"],
        r#"(?i)(?:aws.?secret.{0,12}|secret_?access_?key)["'\s:=>]{1,6}([A-Za-z0-9/+]{40})\b"#,
        4.0,
    ),
    rule(
        "github-token",
        "a GitHub token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        r"\b(gh[pousr]_[A-Za-z0-9]{36,255})\b",
        3.0,
    ),
    rule(
        "github-fine-grained",
        "a GitHub token",
        &["github_pat_"],
        r"\b(github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b",
        3.0,
    ),
    rule(
        "gitlab-token",
        "a GitLab token",
        &["glpat-", "gldt-", "glrt-", "glptt-"],
        r"\b(gl(?:pat|dt|rt|ptt)-[\w-]{20,})",
        3.0,
    ),
    rule("slack-token", "a Slack token", &["xox"], r"\b(xox[abeoprs]-[0-9A-Za-z-]{20,})", 2.8),
    rule(
        "slack-webhook",
        "a Slack webhook",
        &["hooks.slack.com"],
        r"hooks\.slack\.com/(?:services|workflows)/([\w/+]{43,})",
        3.0,
    ),
    rule(
        "discord-webhook",
        "a Discord webhook",
        &["discord"],
        r"discord(?:app)?\.com/api/webhooks/\d{15,20}/([\w-]{60,})",
        3.5,
    ),
    rule(
        "stripe-key",
        "a Stripe key",
        &["sk_live_", "rk_live_", "sk_test_", "rk_test_"],
        r"\b((?:sk|rk)_(?:live|test)_[0-9A-Za-z]{20,})",
        3.0,
    ),
    rule("webhook-secret", "a webhook's signing secret", &["whsec_"], r"\b(whsec_[A-Za-z0-9+/=]{24,})", 3.5),
    rule(
        "square-token",
        "a Square token",
        &["eaaa", "sq0"],
        r"\b(EAAA[\w-]{60}|sq0(?:atp|csp)-[\w-]{22,43})",
        3.0,
    ),
    rule("google-api-key", "a Google API key", &["aiza"], r"\b(AIza[\w-]{35})\b", 3.5),
    rule(
        "google-oauth-secret",
        "a Google OAuth client's secret",
        &["gocspx-"],
        r"\b(GOCSPX-[\w-]{28})\b",
        3.0,
    ),
    rule("anthropic-key", "an Anthropic key", &["sk-ant-"], r"\b(sk-ant-[a-z]+\d{2}-[\w-]{80,})", 3.5),
    rule("openai-key", "an OpenAI key", &["t3blbkfj"], r"\b(sk-[\w-]{20,}T3BlbkFJ[\w-]{20,})", 3.5),
    rule("npm-token", "an npm token", &["npm_"], r"\b(npm_[A-Za-z0-9]{36})\b", 3.0),
    rule("pypi-token", "a PyPI token", &["pypi-ageichlwas5vcmc"], r"\b(pypi-AgEIcHlwaS5vcmc[\w-]{50,})", 3.5),
    rule("crates-io-token", "a crates.io token", &["cio"], r"\b(cio[A-Za-z0-9]{32})\b", 3.5),
    rule("rubygems-token", "a RubyGems token", &["rubygems_"], r"\b(rubygems_[a-f0-9]{48})\b", 3.0),
    rule("docker-token", "a Docker Hub token", &["dckr_pat_"], r"\b(dckr_pat_[\w-]{27,})", 3.0),
    rule("sendgrid-key", "a SendGrid key", &["sg."], r"\b(SG\.[\w-]{22}\.[\w-]{43})\b", 3.5),
    rule(
        "mailgun-key",
        "a Mailgun key",
        &["mailgun"],
        r#"(?i)mailgun.{0,24}["'\s:=>]{1,4}((?:key-)?[0-9a-f]{32})\b"#,
        3.0,
    ),
    rule("mailchimp-key", "a Mailchimp key", &["-us"], r"\b([0-9a-f]{32}-us\d{1,2})\b", 3.0),
    rule(
        "twilio-key",
        "a Twilio key",
        &["twilio"],
        r#"(?i)twilio.{0,24}["'\s:=>]{1,4}((?:SK|AC)?[0-9a-f]{32})\b"#,
        3.0,
    ),
    rule("telegram-token", "a Telegram bot's token", &[":aa"], r"\b(\d{8,10}:AA[\w-]{33})\b", 3.5),
    rule(
        "digitalocean-token",
        "a DigitalOcean token",
        &["dop_v1_", "doo_v1_", "dor_v1_"],
        r"\b(do[opr]_v1_[a-f0-9]{64})\b",
        3.0,
    ),
    rule("vault-token", "a HashiCorp Vault token", &["hvs.", "hvb."], r"\b(hv[sb]\.[\w-]{24,})", 3.5),
    rule(
        "supabase-token",
        "a Supabase token",
        &["sbp_", "sb_secret_"],
        r"\b(sbp_[a-f0-9]{40}|sb_secret_[\w-]{31,})\b",
        3.0,
    ),
    rule(
        "azure-storage-key",
        "an Azure storage key",
        &["accountkey="],
        r"(?i)AccountKey=([A-Za-z0-9+/]{86}==)",
        4.0,
    ),
    rule(
        "azure-client-secret",
        "an Azure client's secret",
        &["8q~", "7q~"],
        r"\b([\w.~-]{3}[78]Q~[\w.~-]{31,34})",
        3.5,
    ),
    rule(
        "sentry-token",
        "a Sentry token",
        &["sntrys_", "sntryu_"],
        r"\b(sntry[su]_[A-Za-z0-9+/=_]{50,})",
        3.5,
    ),
    rule(
        "jwt",
        "a signed token (JWT)",
        &["eyj"],
        r"\b(eyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{20,})",
        4.0,
    ),
    rule(
        "url-password",
        "a password in an address",
        &["://"],
        r#"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@"'`<>]{1,64}:([^\s/:@"'`<>$%{}\[\]()]{8,128})@[a-zA-Z0-9][\w.-]*\.[a-z]{2,}"#,
        3.0,
    ),
    Rule {
        id: "named-secret",
        what: "a value under the name of a secret",
        keywords: &[
            "secret",
            "passw",
            "token",
            "api_key",
            "apikey",
            "api-key",
            "private_key",
            "encryption_key",
            "access_key",
            "credential",
        ],
        pattern: r#"(?i)\b[\w.-]{0,40}(?:secret|passwo?r?d|token|api[_-]?key|private_key|encryption_key|access_key|credential)[\w.-]{0,24}["']?\s{0,3}(?::=|=>|[:=])\s{0,3}["'`]?([A-Za-z0-9+/_=~.-]{20,150})(?:["'`\s,;]|$)"#,
        entropy_min: 4.1,
        is_general: true,
    },
];
