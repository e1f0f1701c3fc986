#!/usr/bin/env python3
"""Makes examples/data/messages.tsv: synthetic spam and ham, for demos and tests that must not need a download.

    python3 tools/make_messages.py [--count 600] [--seed 20] > examples/data/messages.tsv

Every text is of our own writing: a core sentence of one of the lists below, its {slots} filled at random, with an opener
and a closer that both classes share, and noise (abbreviations, typos, case, missing punctuation). The classes overlap on
purpose: ham speaks of money, parcels, links and codes; spam chats like a friend. Phone numbers and domains are those
reserved for fiction and examples. The same seed gives the same file.
"""

import argparse
import random
import re
import sys

SLOTS = {
    "name": "Maya Tom Priya Jonas Ellie Sam Amara Luca Nadia Ben Ruth Kofi Ines Dev Hana Olly Marta Joe Leila Finn".split(),
    "shop": ["Brightmart", "Hollins & Co", "Parkside Books", "Tidy Home", "Nova Electric", "Greenleaf Foods", "Peak Sports"],
    "carrier": ["QuickParcel", "RoyalPost", "Swiftline", "BlueVan", "ParcelHub", "Northway Couriers"],
    "bank": ["Harbour Bank", "First Meadow", "Union Trust", "Castle Savings", "Riverside Bank"],
    "service": ["StreamBox", "CloudNest", "PayEasy", "MailPost", "PhotoVault", "Tunely"],
    "place": ["the station", "the library", "Cafe Verde", "the gym", "mum's", "the office", "the park", "the Crown", "the cinema",
              "Lidgate market", "the dentist", "platform 4", "the school gate", "the museum steps"],
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday tomorrow tonight today".split(),
    "time": ["7", "half 8", "6:30", "noon", "9am", "quarter past 3", "5ish", "10:45", "8pm", "about 4", "1.30"],
    "food": ["lasagne", "sushi", "a curry", "pizza", "dumplings", "that lentil soup", "tacos", "pancakes", "roast chicken"],
    "thing": ["charger", "umbrella", "keys", "blue jacket", "headphones", "passport copy", "bike pump", "reading glasses", "drill",
              "lunchbox", "black notebook"],
    "person": ["mum", "dad", "my sister", "grandma", "the landlord", "my boss", "the plumber", "your brother", "aunt Rosa", "coach"],
    "small": ["£4.20", "12 quid", "$18", "£25", "€9.50", "30 pounds", "$7.75", "£16", "€40", "fifteen euros"],
    "big": ["£1,000", "$5000", "£750", "€2,000", "$900", "£250", "1,500 pounds", "$10,000", "€500", "£3,250"],
    "num": ["2", "3", "4", "5", "6", "8", "10", "12"],
    "code": ["481920", "7735", "220 914", "90517", "665-102", "3381", "58 20 77", "104466"],
    "ref": ["B7-4412", "#90817", "QX552", "ref 20391", "order 7716", "no. 55-018", "A/3309", "TK81"],
    "phone": ["07700 900142", "07700 900881", "0808 157 0144", "555-0137", "555-0162", "020 7946 0991", "0113 496 0027"],
    "goodurl": ["brightmart.example/orders", "maps.example.com/p/88", "swiftline.example/track", "docs.example.org/minutes",
                "photos.example.net/lake", "example.com/recipe", "school.example.org/form", "harbour-bank.example/app"],
    "badurl": ["bit.example/x9", "claim-now.example", "http://win.example.net/r?id=88", "secure-login.example/verify",
               "swiftline-fee.example", "www.fast-cash.example", "t.example/go7", "my-parcel.example.net/pay", "meet-me.example/u/41",
               "harbour-bank.verify.example"],
    "prize": ["a holiday for two", "a new phone", "shopping vouchers", "a games console", "a weekend in Rome", "a year of fuel", "concert tickets",
              "a smart TV", "a gift hamper"],
    "game": ["the match", "the quiz", "five-a-side", "the concert", "yoga", "choir", "the film", "book club", "bowling"],
    "topic": ["the budget", "the slides", "chapter 4", "the invoice", "the rota", "the tenancy form", "the lab report", "the guest list",
              "the boiler quote"],
    "feel": ["knackered", "so proud", "a bit ill", "starving", "really happy", "late as usual", "bored stiff", "nervous", "freezing"],
    "pill": ["slimming tea", "hair serum", "sleep gummies", "keto capsules", "joint cream", "muscle powder"],
    "coin": ["crypto", "forex", "gold", "DogeStar", "pre-IPO shares", "AI trading"],
    "hi": ["Hi", "Hey", "Hello", "Morning", "Hiya", "Evening"],
    "soon": ["within 24 hours", "before midnight", "by {day}", "in the next 2 hours", "while it lasts", "before it expires"],
}

OPENERS = ["", "", "", "", "", "{hi}, ", "{hi} {name}, ", "{name}, ", "Ok ", "Quick one: ", "Sorry, ", "Btw ", "FYI ", "Good news! ", "Just so you know, "]
CLOSERS = ["", "", "", "", "", " Thanks!", " x", " Let me know.", " Call me on {phone}", " {name}", " :)", " Cheers", " Reply when you can", " Have a nice day",
           " Don't forget!", " Talk soon"]

HAM = [
    # Friends and family.
    "are we still on for {game} {day}? I can be at {place} by {time}",
    "running {num} minutes late, order me {food} if they ask",
    "did you see my {thing}? I think I left it at {place}",
    "{person} says the train gets in at {time}, can you pick them up from {place}",
    "I'm {feel} after {game}, going straight to bed",
    "happy birthday {name}! hope {day} is lovely and you get plenty of {food}",
    "making {food} tonight, there's enough for {num}, come over around {time}",
    "can't talk, in a meeting with {person} until {time}. text me instead",
    "the baby finally slept {num} hours, I feel human again",
    "{name} broke their wrist at {game}, we're at the hospital but it's nothing serious",
    "haha that photo of {person} dancing, I nearly dropped my {thing}",
    "do you want the spare ticket for {game}? it's free, {name} can't go",
    "rain all day here. we ended up playing cards at {place} and eating {food}",
    "I miss you too. call you when I'm out of {place}, around {time}",
    "could you feed the cat {day}? key is under the pot, I owe you {food}",
    "remember to bring the {thing} back to {name}, they asked again",
    "what was the name of that series {person} kept going on about",
    "left the back door open again didn't you. {person} is not amused",
    "no worries about {day}, we'll do {game} another time",
    "I've got a cold so I'm skipping {game}. enjoy it and tell me who won",
    "are you awake? I can see your light from {place}",
    "{person} wants to know if you eat {food} or if you're still vegan",
    "guess who I just met at {place}! {name} from school, hasn't changed in {num} years",
    "ok so we're {num} people for {food} {day}, I'll book for {time}",
    "you were right about {name}. tell you everything {day}",
    # Money that is not spam.
    "I sent you {small} for {food}, tell me when it arrives in your account",
    "you still owe me {small} for {game}, no rush",
    "can you transfer the rent share to {person} before {day}? it's {big} this month",
    "got a refund of {small} from {shop}, finally! only took {num} weeks",
    "the plumber wants {small} cash {day}, is there any in the drawer",
    "we won {small} on the office lottery, split {num} ways so don't quit your job",
    "my card got declined at {shop}, can you lend me {small} until {day}",
    "the garage says {big} to fix the car. what do we do",
    "{name} got the job! {big} more a year, drinks on them at {place}",
    "{bank} called back: the mortgage offer is fine, we sign at {time} on {day}",
    "pay what you want for the leaving gift, most put in {small}. envelope is with {person}",
    "won {prize} in the school raffle, can you believe it? I never win anything",
    # Work and school.
    "please send me {topic} before {time}, the client is asking",
    "meeting moved to {day} {time}, room {num}. agenda is at {goodurl}",
    "I've put my comments into {topic}, have a look when you get a minute",
    "could someone cover my shift on {day}? I'll swap for any other",
    "class is cancelled {day}, {person} is ill. read {topic} instead",
    "the printer on floor {num} is dead again, use the one near {place}",
    "minutes from {day} are up: {goodurl}. shout if I got anything wrong",
    "reminder that {topic} has to be signed and handed in by {day}",
    "interview went ok I think, they want to see {num} references by {day}",
    "the server is back up, it was a full disk. sorry for the noise",
    # Services that one has signed up to: parcels, codes, appointments.
    "{carrier}: your parcel {ref} will be delivered {day} between {time} and 6pm",
    "your parcel from {shop} was left with your neighbour at number {num}. {carrier}",
    "{shop}: order {ref} is ready to collect. Bring this message and your ID. Open until {time}",
    "your {service} code is {code}. It expires in {num} minutes. Never share it with anyone",
    "{bank}: a payment of {small} to {shop} was made on {day}. If this was you, no action is needed",
    "reminder: your appointment with the dentist is on {day} at {time}. To change it call {phone}",
    "your prescription {ref} is ready at the pharmacy next to {place}",
    "your table for {num} at Cafe Verde is booked for {day}, {time}. Reply CANCEL if plans change",
    "{service}: your receipt for {small} is at {goodurl}. Your next payment is due in {num} weeks",
    "library notice: {num} items are due on {day}. Renew at {goodurl} or at the desk",
    "your train at {time} is delayed by {num} minutes. We are sorry for the trouble",
    "hi, this is the driver from {carrier}, I'm outside {place} with your parcel, nobody answers",
    "{bank}: your statement for the month is ready in the app. We never ask for your PIN",
    "school office: the trip on {day} costs {small}, form is at {goodurl}",
    "{shop} account: your password was changed on {day}. If it wasn't you, visit a branch or call {phone}",
    "water will be off in your street {day} from {time} for about {num} hours",
    # Links among people.
    "here are the pictures from {day}: {goodurl} the one with {person} is priceless",
    "this is where we meet: {goodurl} parking is free after {time}",
    "the recipe for {food} you wanted, {goodurl} I use half the sugar",
    "watch this when you get home, {goodurl} it's {name} falling into the lake",
    "free furniture! {person} is giving away a sofa, must go by {day}. want it?",
    "urgent: do we have any milk? standing in {shop} right now",
    "congratulations!!! {num} kilos of baby girl, mum is {feel} but fine",
    "stop sending me cat videos at work, {person} sits right behind me",
    "last chance to sign up for {game}, list is on the door at {place}",
    "I clicked on something that said I won {prize}, should I be worried?",
]

SPAM = [
    # Loud.
    "you have won {prize}! Claim {soon} at {badurl}",
    "CONGRATULATIONS your number was drawn for {big}. Call {phone} to claim, ref {ref}",
    "FREE entry to win {prize}, txt WIN to {code}. Std rates apply, 18+",
    "final notice: {big} is waiting for you. Reply YES {soon}",
    "{shop} is giving away {num}00 vouchers of {big}. Answer {num} questions: {badurl}",
    "your loyalty points are worth {prize}. Redeem {soon}: {badurl}",
    "we tried to reach you about {prize}. Dial {phone}, quote {code}, calls cost {small}/min",
    "exclusive: up to {num}0% off {pill}, no prescription, {badurl}",
    "lose {num} kilos in {num} weeks with {pill}. Doctors hate it. Order: {badurl}",
    "casino bonus {big} + {num}0 free spins, no deposit needed. Play {badurl}",
    # Parcels, banks, taxes: phishing.
    "{carrier}: your parcel {ref} is held. Pay the fee of {small} {soon}: {badurl}",
    "your parcel could not be delivered because the address is incomplete. Update it here {badurl}",
    "{bank} alert: a new payee was added to your account. If this was NOT you visit {badurl}",
    "{bank}: we have limited your card. Confirm your details {soon} at {badurl} to avoid closure",
    "tax office: you are owed a refund of {big}. Submit your claim {soon}, {badurl}",
    "your {service} payment failed. Update your card {soon} or lose your account: {badurl}",
    "{service} security: sign-in from a new device. Not you? Verify with code {code} at {badurl}",
    "you have an unpaid toll of {small}. To avoid a penalty of {big} pay at {badurl}",
    "your cloud storage is full and your photos will be deleted on {day}. Keep them for {small}: {badurl}",
    "this is {bank} fraud team. Please call {phone} and have your card and PIN ready",
    "customs holds a package in your name, value {big}. Send ID and {small} to release it, ref {ref}",
    "your mailbox {ref} has {num} blocked messages. Release them: {badurl}",
    # Loans, jobs, investments.
    "need cash? borrow up to {big} today, bad credit no problem, no papers. Text LOAN to {code}",
    "my uncle made {big} in {num} weeks with {coin}, I can show you how, join the group {badurl}",
    "work from home {num} hours a day and earn {big} a week, no experience. WhatsApp {phone}",
    "we saw your CV and would like to offer you {big} per month for liking videos. Contact {phone}",
    "{coin} signals that really work, {num} of 10 trades win. First month free {badurl}",
    "I'm selling my {coin} account cheap, already {big} on it, message me {soon}",
    "consolidate your debts into one small payment, {small} a week. Ask us how: {phone}",
    "were you in an accident that was not your fault? You may be owed {big}. Reply CLAIM or STOP",
    "investors wanted for {shop} franchise, returns of {num}0% guaranteed, places close {day}",
    # Chatty: looks like a friend.
    "{name} here, lost my phone, this is my new number. can you send {big} for the rent, will pay back {day}",
    "mum it's me, my phone broke, I'm using a friend's. can you pay a bill of {big} for me today?",
    "is this you in the video?? {badurl} I'm {feel} for you",
    "remember me from {place}? I put my pictures here {badurl} come and see",
    "hey stranger, I'm {feel} tonight and all alone, chat with me at {badurl}",
    "are you free {day}? I have a little business idea, you'd only need {big} to start",
    "it's {name} from {place}, you gave me your number. got a tip on {coin}, are you in?",
    "sorry wrong number! you seem nice though. I'm {name}, I trade {coin} for a living, and you?",
    "can you do me a favour {name}? I'm in a meeting, buy {num} gift cards and send me the codes, I'll pay you back",
    "your boss here. are you at {place}? I need {num} vouchers of {big} for a client {soon}, keep it between us",
    "you still have {small} in your wallet at {service}, log in before {day} and it's yours {badurl}",
    "someone who knows you has a crush on you! find out who, call {phone}",
    "my grandmother cured her knees with {pill}, ask me where to get it, I have {num} left",
    "thanks for last night. if you want the photos they are at {badurl}, password {code}",
    # Subtle commerce and surveys.
    "thank you for shopping at {shop}. As a thank-you take {prize}: {badurl}",
    "only {num} people in your street pay less for energy than you could. Check in a minute: {badurl}",
    "your phone contract can be upgraded for {small}. Speak to {name} on {phone} {soon}",
    "hello dear, I represent a client who left {big} to someone with your surname. Write back in confidence",
    "your opinion is worth {small}. Fill in our survey about {shop}, {badurl}",
    "last reminder about the warranty of your car. Call {phone} {soon}",
    "get {num}000 followers for {small}, real people, delivered {day}: {badurl}",
    "new in town: massage by {name}, first visit {small}, book on {phone}",
    "your subscription to Horoscope Daily is active at {small}/week. To leave text OUT to {code}",
    "ringtone of the week! {name} says it's the best. Get it for {small}, text TONE to {code}",
]

SHORT = [("you", "u"), ("are", "r"), ("your", "ur"), ("please", "pls"), ("tomorrow", "tmrw"), ("tonight", "2nite"), ("thanks", "thx"), ("because", "cos"),
         ("people", "ppl"), ("before", "b4"), ("message", "msg"), ("minutes", "mins"), ("about", "abt"), ("to", "2"), ("for", "4"), ("and", "&")]
DISGUISE = str.maketrans({"o": "0", "i": "1", "e": "3", "a": "@", "s": "$"})


def fill(rng, text):
    """Fills the slots, those of the fillings too."""
    while True:
        text, count = re.subn(r"\{(\w+)\}", lambda match: rng.choice(SLOTS[match.group(1)]), text, count=1)
        if count == 0:
            return text


def shorten(rng, text):
    for word, short in SHORT:
        if rng.random() < 0.6:
            text = re.sub(rf"\b{word}\b", short, text, flags=re.IGNORECASE)
    return text


def misspell(rng, text):
    """Swaps two letters or drops one, within a word."""
    spots = [i for i in range(1, len(text) - 2) if text[i - 1 : i + 3].isalpha()]
    if not spots:
        return text
    i = rng.choice(spots)
    if rng.random() < 0.5:
        return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    return text[:i] + text[i + 1 :]


def add_noise(rng, text, spam):
    """Noise that both classes have; capitals and disguised letters are more frequent in spam, but not its alone."""
    if rng.random() < 0.45:
        text = text[0].upper() + text[1:]
    if rng.random() < 0.18:
        text = shorten(rng, text)
    if rng.random() < 0.15:
        text = misspell(rng, text)
    if rng.random() < 0.12:
        text = text.lower()
    if rng.random() < (0.12 if spam else 0.04):
        text = text.upper()
    if rng.random() < (0.10 if spam else 0.0):
        words = text.split(" ")
        i = rng.randrange(len(words))
        if "." not in words[i] and "/" not in words[i]:
            words[i] = words[i].translate(DISGUISE)
        text = " ".join(words)
    if rng.random() < 0.25:
        text += rng.choice(["!", "!!", "...", ".", "?", " lol", " 😊", " 🎉", " xx"])
    return text


def words_of(text):
    return set(re.findall(r"\w+", text.lower()))


def too_similar(text, others):
    """Whether most of its words are those of an earlier message (Jaccard index)."""
    words = words_of(text)
    return any(len(words & other) > 0.65 * len(words | other) for other in others)


def make(rng, cores, spam, count):
    """`count` messages, the cores used equally often."""
    messages, seen = [], []
    deck = []
    attempts = 0
    while len(messages) < count:
        attempts += 1
        if attempts > 100 * count:
            sys.exit(f"can't make {count} messages that differ enough; ask for fewer with --count")
        if not deck:
            deck = rng.sample(cores, len(cores))
        text = fill(rng, rng.choice(OPENERS) + deck.pop() + rng.choice(CLOSERS))
        text = add_noise(rng, text, spam)
        if too_similar(text, seen):
            continue
        seen.append(words_of(text))
        messages.append(text)
    return messages


def main():
    parser = argparse.ArgumentParser(description="Synthetic spam and ham, label<TAB>text with a header, on standard output.")
    parser.add_argument("--count", type=int, default=600, help="messages, 3 in 5 of them ham")
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    ham = options.count * 3 // 5
    rows = [("ham", text) for text in make(rng, HAM, False, ham)]
    rows += [("spam", text) for text in make(rng, SPAM, True, options.count - ham)]
    rng.shuffle(rows)
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    print("label\ttext")
    for label, text in rows:
        print(f"{label}\t{text}")


if __name__ == "__main__":
    main()
