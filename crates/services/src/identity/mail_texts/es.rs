//! Spanish.

use super::{Facts, Message, name};

pub(super) fn text(message: Message<'_>, facts: &Facts<'_>) -> (String, String) {
    let Facts { product, url, minutes } = facts;
    let not_you = format!(
        "Si no has sido tú, inicia sesión ahora en {url} y revisa tus llaves de acceso y tus sesiones."
    );
    match message {
        Message::Code(code) => (
            format!("Tu código para {product}"),
            format!(
                "Tu código para iniciar sesión en {product}:\n\n{code}\n\nSirve una sola vez, durante {minutes} minutos, en el \
                 navegador desde el que lo pediste. Nadie de {product} te lo pedirá nunca.\n\nSi no lo has pedido, ignora este \
                 mensaje."
            ),
        ),
        Message::ConfirmAddress(code) => (
            format!("Confirma tu dirección para {product}"),
            format!(
                "Tu código para confirmar esta dirección en {product}:\n\n{code}\n\nSirve una sola vez, durante {minutes} \
                 minutos, en el navegador desde el que lo pediste.\n\nSi no lo has pedido, ignora este mensaje."
            ),
        ),
        Message::AddressInUse => (
            format!("Ya tienes una cuenta en {product}"),
            format!(
                "Alguien ha introducido esta dirección en {product}, pero ya existe una cuenta con ella. Si has sido tú, inicia \
                 sesión en esa cuenta: {url}\n\nSi no has sido tú, ignora este mensaje. No se ha cambiado nada."
            ),
        ),
        Message::PasskeyAdded => (
            format!("Se ha añadido una llave de acceso a tu cuenta de {product}"),
            format!(
                "Una nueva llave de acceso ya puede iniciar sesión en tu cuenta de {product}.\n\n{not_you}"
            ),
        ),
        Message::PasskeyRemoved => (
            format!("Se ha eliminado una llave de acceso de tu cuenta de {product}"),
            format!(
                "Se ha eliminado una llave de acceso de tu cuenta de {product}; ya no sirve para iniciar sesión.\n\n{not_you}"
            ),
        ),
        Message::ProviderAdded(provider) => (
            format!("Se ha vinculado {} a tu cuenta de {product}", name(provider)),
            format!(
                "Una cuenta de {} ya puede iniciar sesión en tu cuenta de {product}.\n\n{not_you}",
                name(provider)
            ),
        ),
        Message::ProviderRemoved(provider) => (
            format!("Se ha desvinculado {} de tu cuenta de {product}", name(provider)),
            format!(
                "Se ha desvinculado una cuenta de {} de tu cuenta de {product}; ya no sirve para iniciar sesión.\n\n{not_you}",
                name(provider)
            ),
        ),
        Message::AddressChanged => (
            format!("Se ha cambiado la dirección de tu cuenta de {product}"),
            format!("Esta dirección ya no pertenece a tu cuenta de {product}.\n\n{not_you}"),
        ),
        Message::SignedInByCode(ways) => {
            let lines = ways.lines("llaves de acceso", "contraseña", "códigos enviados a esta dirección");
            (
                format!("Inicio de sesión con un código en tu cuenta de {product}"),
                format!(
                    "Se ha iniciado sesión en tu cuenta de {product} con un código enviado a esta dirección.\n\nEstas son las \
                     formas de entrar en la cuenta:\n{lines}\nNavegadores y dispositivos con la sesión iniciada, incluido este: \
                     {}\n\nSi no reconoces algo de esto, elimínalo en {url}\n\n{not_you}",
                    ways.sessions
                ),
            )
        }
    }
}
