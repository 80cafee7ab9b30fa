//! Russian.

use super::{Facts, Message, name};

pub(super) fn text(message: Message<'_>, facts: &Facts<'_>) -> (String, String) {
    let Facts { product, url, minutes } = facts;
    let not_you =
        format!("Если это были не вы, сразу войдите на {url} и проверьте свои ключи доступа и сеансы.");
    match message {
        Message::Code(code) => (
            format!("Ваш код для {product}"),
            format!(
                "Ваш код для входа в {product}:\n\n{code}\n\nОн действует один раз, {minutes} минут, в том браузере, где вы его \
                 запросили. Сотрудники {product} никогда не попросят его назвать.\n\nЕсли вы не запрашивали код, не обращайте \
                 внимания на это письмо."
            ),
        ),
        Message::ConfirmAddress(code) => (
            format!("Подтвердите адрес для {product}"),
            format!(
                "Ваш код для подтверждения этого адреса в {product}:\n\n{code}\n\nОн действует один раз, {minutes} минут, в том \
                 браузере, где вы его запросили.\n\nЕсли вы не запрашивали код, не обращайте внимания на это письмо."
            ),
        ),
        Message::AddressInUse => (
            format!("У вас уже есть учётная запись {product}"),
            format!(
                "Кто-то указал этот адрес в {product}, но учётная запись с ним уже есть. Если это были вы, войдите в неё: \
                 {url}\n\nЕсли это были не вы, не обращайте внимания на это письмо. Ничего не изменилось."
            ),
        ),
        Message::PasskeyAdded => (
            format!("К учётной записи {product} добавлен ключ доступа"),
            format!(
                "Теперь в вашу учётную запись {product} можно войти с новым ключом доступа.\n\n{not_you}"
            ),
        ),
        Message::PasskeyRemoved => (
            format!("Из учётной записи {product} удалён ключ доступа"),
            format!(
                "Из вашей учётной записи {product} удалён ключ доступа; войти с ним больше нельзя.\n\n{not_you}"
            ),
        ),
        Message::ProviderAdded(provider) => (
            format!("К учётной записи {product} привязан вход через {}", name(provider)),
            format!(
                "Теперь в вашу учётную запись {product} можно войти через {}.\n\n{not_you}",
                name(provider)
            ),
        ),
        Message::ProviderRemoved(provider) => (
            format!("От учётной записи {product} отвязан вход через {}", name(provider)),
            format!(
                "От вашей учётной записи {product} отвязан вход через {}; войти так больше нельзя.\n\n{not_you}",
                name(provider)
            ),
        ),
        Message::AddressChanged => (
            format!("Адрес учётной записи {product} изменён"),
            format!("Этот адрес больше не относится к вашей учётной записи {product}.\n\n{not_you}"),
        ),
        Message::SignedInByCode(ways) => {
            let lines = ways.lines("ключи доступа", "пароль", "коды на этот адрес");
            (
                format!("Вход в учётную запись {product} по коду"),
                format!(
                    "В вашу учётную запись {product} вошли по коду, отправленному на этот адрес.\n\nВойти в неё можно \
                     так:\n{lines}\nБраузеры и устройства, где выполнен вход, включая это: {}\n\nЕсли что-то из этого вам незнакомо, \
                     удалите это на {url}\n\n{not_you}",
                    ways.sessions
                ),
            )
        }
    }
}
