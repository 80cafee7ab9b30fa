//! The ports' real implementations, as the configuration chooses them.

use std::{collections::BTreeMap, sync::Arc};

use mainstay_model::identity::Provider;
use mainstay_providers::{
    Apple, AppleConfig, ConfigFault, FolderMailer, Google, GoogleConfig, HttpWebhooks, MemoryBus,
    MemoryLimiter, RedisBus, RedisConfig, RedisLimiter, SmtpConfig, SmtpMailer, SystemClock, SystemRandom,
    Targets, WebhooksConfig,
};
use mainstay_services::ports::{Bus, Clock, IdentityProvider, Limiter, Mailer, Ports, Random};
use url::Url;

use super::{Misconfigured, is_dev};
use crate::config::{AppleSettings, Config, GoogleSettings, MailSettings, registry};

/// What the server itself must hold on to.
pub(crate) struct Wired {
    /// The bus over Redis, to be stopped at the end.
    pub redis_bus: Option<Arc<RedisBus>>,
}

/// Names the variable behind the setting that a constructor did not like; `variable` when it is one that nobody can set.
fn blame(variable: &'static str) -> impl Fn(ConfigFault) -> Misconfigured {
    move |fault| {
        let wanted = match variable.split_once('_') {
            Some((provider @ ("GOOGLE" | "APPLE"), _)) => {
                let setting = fault.setting.to_ascii_uppercase();
                [format!("{provider}_{setting}"), format!("MAINSTAY_{provider}_{setting}")]
            }
            _ => [variable.to_owned(), String::new()],
        };
        let named = wanted.iter().find_map(|name| registry::variable(name));
        let variable = named.map_or(variable, |found| found.name);
        Misconfigured { variable, problem: fault.reason }
    }
}

pub(super) async fn connect(config: &Config) -> anyhow::Result<(Ports, Wired)> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    let (limiter, bus, redis_bus): (Arc<dyn Limiter>, Arc<dyn Bus>, _) = match &config.redis_url {
        None => (Arc::new(MemoryLimiter::new(Arc::clone(&clock))), Arc::new(MemoryBus::new()), None),
        Some(url) => {
            let redis = RedisConfig { roots: config.roots.clone(), ..RedisConfig::new(url.clone()) };
            let limiter = RedisLimiter::new(&redis).map_err(blame("REDIS_URL"))?;
            let bus = Arc::new(RedisBus::start(&redis).map_err(blame("REDIS_URL"))?);
            (Arc::new(limiter), Arc::clone(&bus) as _, Some(bus))
        }
    };
    let mailer = mailer(config, &clock, &random)?;
    let mut identity_providers: BTreeMap<Provider, Arc<dyn IdentityProvider>> = BTreeMap::new();
    if let Some(google) = &config.google {
        identity_providers.insert(Provider::Google, Arc::new(self::google(config, google, &clock)?));
    }
    if let Some(apple) = &config.apple {
        identity_providers.insert(Provider::Apple, Arc::new(self::apple(config, apple, &clock)?));
    }
    let targets = if config.webhooks_private_targets { Targets::Any } else { Targets::Public };
    let webhooks = WebhooksConfig { roots: config.roots.clone(), ..WebhooksConfig::new(targets) };
    let webhooks = Arc::new(HttpWebhooks::new(&webhooks));
    Ok((Ports { clock, random, limiter, bus, mailer, webhooks, identity_providers }, Wired { redis_bus }))
}

fn mailer(
    config: &Config,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> anyhow::Result<Option<Arc<dyn Mailer>>> {
    Ok(match &config.mail {
        MailSettings::Off => None,
        MailSettings::Folder => {
            let folder = config.data_dir.join("mail");
            let mailer = FolderMailer::new(&folder, &config.mail_from, Arc::clone(clock), Arc::clone(random))
                .map_err(blame("MAINSTAY_MAIL_FROM"))?;
            Some(Arc::new(mailer))
        }
        MailSettings::Smtp(url) => {
            let smtp = SmtpConfig {
                url: url.clone(),
                from: config.mail_from.clone(),
                allow_loopback_plaintext: is_dev(config),
                roots: config.roots.clone(),
            };
            let mailer = SmtpMailer::new(&smtp, Arc::clone(clock), Arc::clone(random))
                .map_err(blame("MAINSTAY_SMTP_URL"))?;
            Some(Arc::new(mailer))
        }
    })
}

/// Where a provider sends the browser back to.
fn callback(config: &Config, provider: &'static str) -> anyhow::Result<Url> {
    Ok(config.public_url.join(&format!("/v1/auth/{provider}/callback"))?)
}

fn google(config: &Config, settings: &GoogleSettings, clock: &Arc<dyn Clock>) -> anyhow::Result<Google> {
    let mut google = GoogleConfig::new(
        settings.client_id.clone(),
        settings.client_secret.clone(),
        callback(config, "google")?,
    );
    replace(&mut google.authorize_url, settings.authorize_url.as_ref());
    replace(&mut google.token_url, settings.token_url.as_ref());
    replace(&mut google.jwks_url, settings.jwks_url.as_ref());
    google.issuer.clone_from(&settings.issuer);
    google.allow_loopback_http = is_dev(config);
    google.roots.clone_from(&config.roots);
    Ok(Google::new(google, Arc::clone(clock)).map_err(blame("GOOGLE_CLIENT_ID"))?)
}

fn apple(config: &Config, settings: &AppleSettings, clock: &Arc<dyn Clock>) -> anyhow::Result<Apple> {
    let mut apple = AppleConfig::new(
        settings.client_id.clone(),
        settings.team_id.clone(),
        settings.key_id.clone(),
        settings.private_key.clone(),
        callback(config, "apple")?,
    );
    replace(&mut apple.authorize_url, settings.authorize_url.as_ref());
    replace(&mut apple.token_url, settings.token_url.as_ref());
    replace(&mut apple.jwks_url, settings.jwks_url.as_ref());
    replace(&mut apple.revoke_url, settings.revoke_url.as_ref());
    apple.issuer.clone_from(&settings.issuer);
    apple.allow_loopback_http = is_dev(config);
    apple.roots.clone_from(&config.roots);
    Ok(Apple::new(apple, Arc::clone(clock)).map_err(blame("APPLE_PRIVATE_KEY"))?)
}

fn replace(place: &mut Url, with: Option<&Url>) {
    if let Some(url) = with {
        place.clone_from(url);
    }
}
