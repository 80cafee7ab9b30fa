// `node standins/members/sign-up.mjs URL ADDRESS`: signs a member up by the code that the server mails, which it reads from the
// folder MAINSTAY_MAIL_DIR, and prints the member's id.

import { codeIn, mailTo } from "../browser/harness/outside.mjs";
import { Client } from "./client.mjs";

const [url, address] = process.argv.slice(2);
const client = new Client(url);
const start = { email: address, language: "en" };
const { flow_id } = await client.expect([202], "POST", "/v1/auth/email/start", start);
const code = codeIn(await mailTo(address));
const signedIn = await client.expect([200], "POST", "/v1/auth/email/finish", { flow_id, code });
console.log(signedIn.member.id);
