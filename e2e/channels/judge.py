"""Judges channels by the vendors' libraries: judge.py TACHOGRAPH REPLY ALERTMANAGER MODULES"""

import email
import email.policy
import hashlib
import hmac
import json
import logging
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml

import pagerduty
import telegram
from cloudevents.http import from_http
from slack_sdk.models.blocks import Block
from slack_sdk.signature import SignatureVerifier
from standardwebhooks.webhooks import Webhook
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

from vendors import Mailbox, Stranger, Vendors, basic, certificate, free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LIFE = ["firing", "repeated", "escalated", "resolved"]
checks = 0
# aiosmtpd warns of its own names at each login.
logging.getLogger("mail.log").setLevel(logging.ERROR)


def check(good, what):
    global checks
    checks += 1
    if not good:
        sys.exit(f"channels: {what}")


def routing(url, alertmanager, smtp, cert, stranger, bare):
    mail = {"from": "Tachograph <log@example.com>", "smarthost": f"localhost:{smtp}", "auth_username": "log",
            "auth_password_file": "PASSWORD", "tls_config": {"ca_file": str(cert)}}
    numbers = {"account_sid": "AC1", "auth_token": "twilio-token", "from": "+15550001111", "to": "+15550002222", "api_url": url}
    receivers = [
        {"name": "all",
         "slack_configs": [{"api_url": f"{url}/hooks/T0/B0/x"},
                           {"app_token": "xoxb-1", "channel": "#ops", "app_url": f"{url}/api/chat.postMessage", "buttons": True}],
         "email_configs": [{"to": "Öps Team <ops@example.com>, second@example.com", **mail}],
         "pagerduty_configs": [{"routing_key": "R1", "url": f"{url}/v2/enqueue"}],
         "opsgenie_configs": [{"api_key": "G1", "api_url": f"{url}/opsgenie"}],
         "jsm_configs": [{"api_key": "J1", "api_url": url}],
         "telegram_configs": [{"bot_token": "12:ab", "chat_id": -1001, "api_url": url, "buttons": True}],
         "msteamsv2_configs": [{"webhook_url": f"{url}/teams"}],
         "twilio_sms_configs": [numbers],
         "twilio_voice_configs": [{**numbers, "reply_url": "https://log.example.com/voice"}],
         "jira_configs": [{"api_url": url, "api_type": "cloud", "project": "OPS", "issue_type": "Bug", "resolve_transition": "Done",
                           "http_config": {"basic_auth": {"username": "a@b.c", "password": "p"}}}],
         "webhook_configs": [{"url": f"{url}/generic"}],
         "standard_webhook_configs": [{"url": f"{url}/standard", "secret": SECRET}],
         "cloudevents_configs": [{"url": f"{url}/cloudevents"}],
         "alertmanager_configs": [{"url": alertmanager}],
         "dashboard_configs": [{}]},
        {"name": "hostile",
         "webhook_configs": [{"url": f"{url}/redirect"}, {"url": f"{url}/gone"}, {"url": f"{url}/busy/hush-hush"}, {"url": f"{url}/large"},
                             {"url": "http://127.0.0.1:1/closed"}]},
        {"name": "mailboxes", "email_configs": [{"to": "nobody@example.com, later@example.com, ops@example.com", **mail}]},
        {"name": "strangers", "email_configs": [{"to": "ops@example.com", "from": "log@example.com", "smarthost": f"localhost:{port}",
                                                 "auth_username": "log", "auth_password_file": "PASSWORD"} for port in (stranger, bare)]},
        {"name": "wrong login", "email_configs": [{"to": "ops@example.com", **mail, "auth_password_file": "WRONG"}]},
    ]
    return json.dumps({"route": {"receiver": "all"}, "receivers": receivers})


def send(program, file, receiver, *more):
    command = [program, "alerts", "send-test", "--routing", file, "--receiver", receiver, *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def row(text, place):
    line = next((line for line in text.splitlines() if place in line), "")
    return re.sub(r"\s+", " ", line)


class Alertmanager:
    def __init__(self, program, folder):
        (folder / "am.yml").write_text("route: {receiver: x}\nreceivers: [{name: x}]\n")
        self.url = f"http://127.0.0.1:{free_port()}"
        command = [program, f"--config.file={folder}/am.yml", f"--storage.path={folder}/am", "--cluster.listen-address="]
        command.append(f"--web.listen-address={self.url.removeprefix('http://')}")
        templates = pathlib.Path(program).parents[1] / "share"
        if (templates / "prometheus").exists() and str(templates) != "/usr/share":
            # Unpacked and not installed: it has its templates by their path.
            inside = f"mount --bind '{templates}' /usr/share && exec \"$@\""
            command = ["unshare", "--map-root-user", "--mount", "sh", "-c", inside, "sh", *command]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{self.url}/-/ready")
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("channels: Alertmanager does not start")

    def alerts(self):
        query = "active=true&silenced=true&inhibited=true"
        return json.load(urllib.request.urlopen(f"{self.url}/api/v2/alerts?{query}"))


def bodies(vendors, word):
    return [json.loads(body) for _, _, _, body in vendors.taken(word)]


def slack(vendors):
    sent = bodies(vendors, "/hooks/") + bodies(vendors, "chat.")
    check(len(bodies(vendors, "/hooks/")) == 4 and len(bodies(vendors, "chat.update")) == 1, "Slack: a message each, one rewritten")
    for body in sent:
        blocks = Block.parse_all(body["blocks"])
        check([block.to_dict()["type"] for block in blocks] == [block["type"] for block in body["blocks"]], "Slack's blocks are read")
        for block in blocks:
            block.validate_json()
    threads = [body.get("thread_ts") for body in bodies(vendors, "chat.postMessage")]
    check(threads[0] is None and len(set(threads[1:])) == 1 and threads[1], f"Slack: one thread: {threads}")


def telegrams(vendors):
    sent = bodies(vendors, "/sendMessage")
    check([path for _, path, _, _ in vendors.taken("/bot")][:1] == ["/bot12:ab/sendMessage"] and len(sent) == 4, "Telegram: four messages")
    for body in sent:
        check(1 <= len(body["text"]) <= telegram.constants.MessageLimit.MAX_TEXT_LENGTH, "Telegram: length")
        known = {"chat_id", "text", "parse_mode", "link_preview_options", "disable_notification", "reply_parameters", "reply_markup"}
        check(set(body) <= known, f"Telegram: {set(body) - known}")
        check(telegram.LinkPreviewOptions.de_json(body["link_preview_options"], None).is_disabled, "Telegram: previews are off")
        if "reply_markup" in body:
            keyboard = telegram.InlineKeyboardMarkup.de_json(body["reply_markup"], None)
            check(keyboard.to_dict() == body["reply_markup"], "Telegram: buttons are read")
    answers = [telegram.ReplyParameters.de_json(body["reply_parameters"], None).message_id for body in sent[1:]]
    check(len(set(answers)) == 1, "Telegram: one thread")
    check(len(bodies(vendors, "/editMessageText")) == 1, "Telegram: the first message is rewritten")


def pagerduties(vendors):
    ours = bodies(vendors, "/v2/enqueue")
    check([event["event_action"] for event in ours] == ["trigger"] * 3 + ["acknowledge", "resolve"], "PagerDuty: an incident's life")
    check(len({event["dedup_key"] for event in ours}) == 1, "PagerDuty: one incident")
    theirs = Vendors()
    client = pagerduty.EventsApiV2Client("R1")
    # It takes no address without TLS by itself.
    client._url = theirs.url
    link = {"href": "https://x.example", "text": "x"}
    client.trigger("s", "src", dedup_key="k", severity="info", custom_details={"a": 1}, links=[link])
    client.acknowledge("k")
    client.resolve("k")
    known = bodies(theirs, "/v2/enqueue")
    # Of the specification, which its own client does not write.
    more = {"client", "client_url"}
    check(set(ours[0]) - more <= set(known[0]), f"PagerDuty: {set(ours[0]) - set(known[0])}")
    check(set(ours[0]["payload"]) - {"timestamp"} <= set(known[0]["payload"]), "PagerDuty: payload as its own client's")
    check(set(ours[3]) <= set(known[1]) and set(ours[4]) <= set(known[2]), "PagerDuty: acknowledge and resolve as its own client's")


def twilios(vendors):
    texts = [urllib.parse.parse_qs(body.decode(), strict_parsing=True) for _, _, _, body in vendors.taken("/Messages.json")]
    check(len(texts) == 4 and all(len(text["Body"][0]) <= 1600 for text in texts), "Twilio: texts")
    check(texts[0]["Body"][0].isascii() and "Reply ACK TEST" in texts[0]["Body"][0], f"Twilio: {texts[0]['Body']}")
    for _, _, headers, _ in vendors.taken("/Calls.json"):
        check(basic({name.lower(): value for name, value in headers.items()}) == "AC1:twilio-token", "Twilio: login")
    call = urllib.parse.parse_qs(vendors.taken("/Calls.json")[0][3].decode())
    ours = xml.fromstring(call["Twiml"][0])
    theirs = VoiceResponse()
    for gather in ours.findall("Gather"):
        built = theirs.gather(num_digits=1, timeout=8, method="POST", action="https://log.example.com/voice?code=TEST")
        built.say(gather.find("Say").text)
    theirs.say(ours.findall("Say")[0].text)
    check(xml.canonicalize(str(theirs)) == xml.canonicalize(call["Twiml"][0]), "Twilio: TwiML as its own library writes it")


def webhooks(vendors):
    for _, _, headers, body in vendors.taken("/standard"):
        Webhook(SECRET).verify(body, headers)
        try:
            Webhook(SECRET).verify(body + b" ", headers)
            check(False, "a changed webhook is refused")
        except Exception as error:
            check("signature" in str(error).lower(), str(error))
    check(len(vendors.taken("/standard")) == 5, "standard webhook: each message, acknowledged as well")
    for _, _, headers, body in vendors.taken("/cloudevents"):
        event = from_http(headers, body)
        check(event["specversion"] == "1.0" and event.data["version"] == "4", "CloudEvents")
    ids = [json.loads(body)["id"] for _, _, _, body in vendors.taken("/cloudevents")]
    check(len(set(ids)) == len(LIFE), "CloudEvents: ids differ")
    states = [body["status"] for body in bodies(vendors, "/generic")]
    check(states == ["firing"] * 3 + ["resolved"], f"webhook: {states}")


def others(vendors):
    close = [path for _, path, _, _ in vendors.taken("/opsgenie")]
    check(close[-1].endswith("/close?identifierType=alias") and "/acknowledge?" in close[-2], f"Opsgenie: {close}")
    check(len(vendors.taken("/jsm/ops/integration/v2/alerts")) == 5, "JSM")
    jira = [(method, path.split("/rest/api/3")[1]) for method, path, _, _ in vendors.taken("/rest/api/3")]
    first = [("POST", "/search/jql"), ("POST", "/issue")]
    look, moves = ("GET", "/issue/OPS-1?fields=status"), "/issue/OPS-1/transitions"
    rest = [look, look, ("POST", "/issue/OPS-1/comment"), look, ("GET", moves), ("POST", moves)]
    check(jira == first + rest, f"Jira: {jira}")


def cards(vendors, modules):
    sent = [body["attachments"][0]["content"] for body in bodies(vendors, "/teams")]
    command = ["node", pathlib.Path(__file__).with_name("cards.mjs"), modules]
    done = subprocess.run(command, input=json.dumps(sent), capture_output=True, text=True)
    check(done.returncode == 0 and done.stdout.strip() == str(len(LIFE)), f"Teams: {done.stdout}{done.stderr}")


def mails(mailbox):
    check(len(mailbox.mails) == 8 and all(encrypted for *_, encrypted in mailbox.mails), "mail: two people, four messages, TLS")
    check(all(login == "log" and encrypted for _, login, encrypted in mailbox.logins), "mail: logins only within TLS")
    threads = set()
    for sender, people, content, _ in mailbox.mails:
        mail = email.message_from_bytes(content, policy=email.policy.default)
        check(not mail.defects and not any(part.defects for part in mail.walk()), f"mail: {mail.defects}")
        check([part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"], "mail: two forms")
        check(mail["to"].addresses[0].addr_spec == people[0] and sender == "log@example.com", "mail: envelope")
        check(mail["auto-submitted"] == "auto-generated" and mail["message-id"] and mail["date"].datetime, "mail: head")
        check("Nothing is wrong" in mail.get_body(("plain",)).get_content(), "mail: text")
        threads.add((people[0], mail["references"]))
    check(mailbox.mails[0][2].count(b"=?utf-8?") == 1, "mail: a name that is not ASCII is encoded")
    check(len(threads) == 2, "mail: a thread for each person")
    ids = [email.message_from_bytes(content)["message-id"] for _, _, content, _ in mailbox.mails]
    check(len(set(ids)) == 8, "mail: ids differ")


def hostile(program, file, vendors):
    before = len(vendors.requests)
    code, text = send(program, file, "all")
    check(code == 1 and text.count("is no public address") >= 14 and len(vendors.requests) == before, f"nothing private is called:\n{text}")
    code, text = send(program, file, "hostile", "--allow-private", "127.0.0.1")
    check(code == 1 and "0 of 5" in text and not vendors.taken("/stolen"), text)
    check("redirects are not followed" in row(text, "[0]"), text)
    check("asks not to be called any more" in row(text, "[1]"), text)
    check("again after 7 s" in row(text, "[2]") and "hush-hush" not in text, text)
    check("answered 500: xxx" in row(text, "[3]") and len(text) < 5000, text)
    check("would be tried again: no answer" in row(text, "[4]"), text)


def mailboxes(program, file, strangers):
    code, text = send(program, file, "mailboxes", "--allow-private", "localhost")
    check(code == 1 and "1 of 3" in text, text)
    check("refused: the mail server says 550" in text and "tried again: the mail server says 451" in text, text)
    code, text = send(program, file, "strangers", "--allow-private", "localhost")
    check(code == 1 and "0 of 2" in text and "no TLS with localhost" in row(text, "[0]"), text)
    check("refused" in row(text, "[1]") and "STARTTLS is not supported" in text, text)
    check(not any(word in line for one in strangers for line in one.heard for word in (b"AUTH", b"MAIL")), "nothing goes out before TLS")
    code, text = send(program, file, "wrong login", "--allow-private", "localhost")
    check(code == 1 and "535" in text and "wrong-one" not in text, text)


def reply(program, **asked):
    done = subprocess.run([program], input=json.dumps(asked), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def replies(program):
    now = int(time.time())
    payload = {"type": "block_actions", "user": {"id": "U1", "username": "ada"},
               "actions": [{"action_id": "acknowledge", "value": "K7Q2", "type": "button"}]}
    body = "payload=" + urllib.parse.quote_plus(json.dumps(payload))
    signature = SignatureVerifier("s1").generate_signature(timestamp=str(now), body=body)
    asked = dict(way="slack", secret="s1", body=body, signature=signature, timestamp=str(now), now=now)
    expected = {"about": {"code": "K7Q2"}, "what": "acknowledge", "who": "ada"}
    check(reply(program, **asked) == expected, "Slack's button")
    check("refused" in reply(program, **{**asked, "now": now + 301}), "Slack: too old")
    check("refused" in reply(program, **{**asked, "body": body + "&x=1"}), "Slack: changed")

    url, validator = "https://log.example.com/text?x=1", RequestValidator("t1")
    fields = {"Body": "ack K7Q2", "From": "+15550002222", "To": "+15550001111", "SmsSid": "SM1", "Empty": "", "Ü": "ö +&=%"}
    body, signature = urllib.parse.urlencode(fields), validator.compute_signature(url, fields)
    expected = {"about": {"code": "K7Q2"}, "what": "acknowledge", "who": "+15550002222"}
    asked = dict(way="twilio_text", secret="t1", url=url, body=body, signature=signature)
    check(reply(program, **asked) == expected, "Twilio's text")
    check("refused" in reply(program, **{**asked, "url": url + "2"}), "Twilio: another address")
    url = "https://log.example.com/voice?code=K7Q2"
    for fields, expected in [({"Digits": "1", "To": "+1555"}, {"about": {"code": "K7Q2"}, "what": "acknowledge", "who": "+1555"}),
                             ({"Digits": "2", "To": "+1555"}, {"about": {"code": "K7Q2"}, "what": "snooze 60", "who": "+1555"}),
                             ({"Digits": "1", "AnsweredBy": "machine_start"}, {}), ({"Digits": "9"}, {})]:
        signature = validator.compute_signature(url, fields)
        found = reply(program, way="twilio_digit", secret="t1", url=url, body=urllib.parse.urlencode(fields), signature=signature)
        check(found == expected, f"Twilio's digit: {found}")

    user = telegram.User(id=5, first_name="Ada", is_bot=False, username="ada")
    query = telegram.CallbackQuery(id="7", from_user=user, chat_instance="1", data="snooze60:K7Q2")
    body = telegram.Update(update_id=1, callback_query=query).to_json()
    found = reply(program, way="telegram", secret="s", signature="s", body=body)
    check(found == {"about": {"code": "K7Q2"}, "what": "snooze 60", "who": "ada"}, f"Telegram's button: {found}")

    event = {"event": {"event_type": "incident.resolved", "agent": {"type": "user_reference", "summary": "Ada"},
                       "data": {"type": "incident", "incident_key": "group-1"}}}
    body = json.dumps(event)
    made = "v1=" + hmac.new(b"p1", body.encode(), hashlib.sha256).hexdigest()
    found = reply(program, way="pagerduty", secret="p1", signature=f"v1=00,{made}", body=body)
    check(found == {"about": {"thread": "group-1"}, "what": "resolve", "who": "Ada"}, f"PagerDuty's webhook: {found}")


def main():
    program, replying, alertmanager, modules = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        cert, context = certificate(folder)
        vendors, mailbox = Vendors(), Mailbox(context)
        strangers = Stranger(context), Stranger(None)
        peer = Alertmanager(alertmanager, folder)
        try:
            (folder / "password").write_text("letter-box\n")
            (folder / "wrong").write_text("wrong-one\n")
            text = routing(vendors.url, peer.url, mailbox.port, cert, *(one.port for one in strangers))
            text = text.replace("PASSWORD", str(folder / "password")).replace("WRONG", str(folder / "wrong"))
            (folder / "routing.yaml").write_text(text)
            file = str(folder / "routing.yaml")
            hostile(program, file, vendors)
            vendors.requests.clear()
            code, text = send(program, file, "all", "--episode", "--allow-private")
            check(code == 0, f"a channel failed:\n{text}")
            slack(vendors), telegrams(vendors), pagerduties(vendors), twilios(vendors), webhooks(vendors), others(vendors)
            cards(vendors, modules)
            mails(mailbox)
            alerts = peer.alerts()
            check(not alerts, f"Alertmanager: what was resolved is over: {alerts}")
            code, text = send(program, file, "all", "--allow-private")
            check(code == 0 and [alert["labels"]["alertname"] for alert in peer.alerts()] == ["test"], "Alertmanager: the alert is there")
            mailboxes(program, file, strangers)
            replies(replying)
        finally:
            peer.process.terminate()
            peer.process.wait()
            mailbox.controller.stop()
    print(f"channels: {checks} checks passed")


main()
