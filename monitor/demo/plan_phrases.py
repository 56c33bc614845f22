"""What plans for staying well and safety plans say in the demonstration, in the patient's language. All invented."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PlanWords:
    """One plan in one language. A line of a field stands on its own."""

    body: str
    """The early-warning signs, one of each kind."""
    behaviour: str
    thoughts: str
    others_notice: str
    helped: str
    triggers: str
    keeps: str
    first_sign: str
    lapse: str
    relapse: str
    matters: str
    hours: str
    """When somebody answers the service's number."""
    person: tuple[str, str]
    """A friend or relation: the name, and who they are."""
    other: tuple[str, str]
    warnings: tuple[str, str]
    """Of the safety plan."""
    alone: tuple[str, str]
    place: str
    surroundings: str


PLANS: Mapping[str, PlanWords] = {
    "en": PlanWords(
        body="I wake before four and lie there",
        behaviour="I stop answering messages",
        thoughts="I think that nothing I do matters",
        others_notice="My brother says that I have gone quiet",
        helped="Getting out of the house before ten.\nWriting down one thing that worked.",
        triggers="Dark weeks in November.\nToo many late shifts.",
        keeps="A walk every day, choir on Tuesdays.",
        first_sign="Tell Robin, and go back to the morning walk.",
        lapse="Ring the team in the same week.",
        relapse="Ask to come back, and not wait for the next date.",
        matters="So that I am there when my sister visits.",
        hours="Monday to Friday, 9:00 to 17:00",
        person=("Robin", "A friend"),
        other=("Alex", "My brother"),
        warnings=("The nights get long", "I stop eating lunch"),
        alone=("Music in the kitchen", "A warm shower"),
        place="The library on the corner",
        surroundings="My brother keeps my medicines.",
    ),
    "es": PlanWords(
        body="Me despierto antes de las cuatro y no vuelvo a dormir",
        behaviour="Dejo de contestar mensajes",
        thoughts="Pienso que nada de lo que hago sirve",
        others_notice="Mi hermana dice que hablo menos",
        helped="Salir de casa antes de las diez.\nApuntar una cosa que salió bien.",
        triggers="Las semanas de exámenes.\nDormir mal varias noches.",
        keeps="Un paseo cada día y coro los martes.",
        first_sign="Se lo cuento a Pau y vuelvo al paseo de la mañana.",
        lapse="Llamo al equipo esa misma semana.",
        relapse="Pido volver, sin esperar a la próxima fecha.",
        matters="Quiero estar bien para mis sobrinos.",
        hours="De lunes a viernes, de 9:00 a 17:00",
        person=("Pau", "Amigo"),
        other=("Noa", "Mi hermana"),
        warnings=("Las noches se hacen largas", "Dejo de comer a mediodía"),
        alone=("Música en la cocina", "Una ducha caliente"),
        place="La biblioteca del barrio",
        surroundings="Mi hermana guarda mis medicinas.",
    ),
    "fr": PlanWords(
        body="Je me réveille avant quatre heures et je ne dors plus",
        behaviour="Je ne réponds plus aux messages",
        thoughts="Je me dis que rien ne sert à rien",
        others_notice="Ma sœur dit que je parle moins",
        helped="Sortir avant dix heures.\nNoter une chose qui a marché.",
        triggers="Les semaines trop chargées.\nLes soirées sans personne.",
        keeps="Une marche chaque jour, chorale le mardi.",
        first_sign="J'en parle à Noé et je reprends la marche du matin.",
        lapse="J'appelle l'équipe dans la semaine.",
        relapse="Je demande à revenir, sans attendre la prochaine date.",
        matters="Pour être là quand mes amis viennent.",
        hours="Du lundi au vendredi, de 9 h à 17 h",
        person=("Noé", "Un ami"),
        other=("Jade", "Ma sœur"),
        warnings=("Les nuits deviennent longues", "Je saute le déjeuner"),
        alone=("De la musique dans la cuisine", "Une douche chaude"),
        place="La bibliothèque du quartier",
        surroundings="Ma sœur garde mes médicaments.",
    ),
    "de": PlanWords(
        body="Ich wache vor vier auf und liege wach",
        behaviour="Ich antworte nicht mehr auf Nachrichten",
        thoughts="Ich denke, dass alles keinen Sinn hat",
        others_notice="Meine Schwester sagt, ich rede weniger",
        helped="Vor zehn aus dem Haus gehen.\nEine Sache aufschreiben, die geklappt hat.",
        triggers="Dunkle Wochen im November.\nZu viele Spätschichten.",
        keeps="Jeden Tag ein Spaziergang, dienstags Chor.",
        first_sign="Ich sage es Kim und gehe morgens wieder spazieren.",
        lapse="Ich rufe das Team in derselben Woche an.",
        relapse="Ich bitte darum, zurückzukommen, und warte nicht auf den nächsten Termin.",
        matters="Damit ich wieder im Garten arbeiten kann.",
        hours="Montag bis Freitag, 9 bis 17 Uhr",
        person=("Kim", "Freundschaft von früher"),
        other=("Lena", "Meine Schwester"),
        warnings=("Die Nächte werden lang", "Ich lasse das Mittagessen aus"),
        alone=("Musik in der Küche", "Warm duschen"),
        place="Die Bücherei um die Ecke",
        surroundings="Meine Schwester bewahrt meine Medikamente auf.",
    ),
    "it": PlanWords(
        body="Mi sveglio prima delle quattro e resto a letto senza dormire",
        behaviour="Smetto di rispondere ai messaggi",
        thoughts="Penso che niente di quello che faccio serva",
        others_notice="Mia sorella dice che parlo meno",
        helped="Uscire di casa prima delle dieci.\nScrivere una cosa andata bene.",
        triggers="Le settimane con troppo lavoro.\nLe sere senza compagnia.",
        keeps="Una camminata ogni giorno, coro il martedì.",
        first_sign="Lo dico ad Andrea e riprendo la camminata del mattino.",
        lapse="Chiamo il servizio nella stessa settimana.",
        relapse="Chiedo di tornare, senza aspettare la prossima data.",
        matters="Per esserci quando vengono i nipoti.",
        hours="Dal lunedì al venerdì, dalle 9 alle 17",
        person=("Andrea", "Un amico"),
        other=("Elena", "Mia sorella"),
        warnings=("Le notti diventano lunghe", "Salto il pranzo"),
        alone=("Musica in cucina", "Una doccia calda"),
        place="La biblioteca di quartiere",
        surroundings="Mia sorella tiene le mie medicine.",
    ),
    "nl": PlanWords(
        body="Ik word voor vieren wakker en blijf liggen",
        behaviour="Ik antwoord niet meer op berichten",
        thoughts="Ik denk dat niets zin heeft",
        others_notice="Mijn zus zegt dat ik stil ben",
        helped="Voor tienen naar buiten gaan.\nOpschrijven wat er lukte.",
        triggers="Donkere weken in november.\nTe veel avonddiensten.",
        keeps="Elke dag een wandeling, dinsdag koor.",
        first_sign="Ik vertel het Bo en ga weer elke ochtend wandelen.",
        lapse="Ik bel het team in dezelfde week.",
        relapse="Ik vraag om terug te komen en wacht niet op de volgende datum.",
        matters="Zodat ik weer kan zeilen met mijn zus.",
        hours="Maandag tot en met vrijdag, 9.00 tot 17.00 uur",
        person=("Bo", "Een vriend"),
        other=("Saar", "Mijn zus"),
        warnings=("De nachten worden lang", "Ik sla de lunch over"),
        alone=("Muziek in de keuken", "Een warme douche"),
        place="De bibliotheek op de hoek",
        surroundings="Mijn zus bewaart mijn medicijnen.",
    ),
    "pl": PlanWords(
        body="Budzę się przed czwartą i już nie zasypiam",
        behaviour="Przestaję odpisywać na wiadomości",
        thoughts="Myślę, że nic nie ma sensu",
        others_notice="Siostra mówi, że mniej się odzywam",
        helped="Wyjście z domu przed dziesiątą.\nZapisanie jednej rzeczy, która się udała.",
        triggers="Ciemne tygodnie w listopadzie.\nZa dużo nocnych zmian.",
        keeps="Codziennie spacer, we wtorki chór.",
        first_sign="Mówię Oli i wracam do porannych spacerów.",
        lapse="Dzwonię do zespołu w tym samym tygodniu.",
        relapse="Proszę o powrót i nie czekam na kolejny termin.",
        matters="Chcę mieć siłę na wspólne wyjazdy.",
        hours="Od poniedziałku do piątku, 9.00–17.00",
        person=("Ola", "Koleżanka"),
        other=("Marta", "Moja siostra"),
        warnings=("Noce robią się długie", "Nie jem obiadu"),
        alone=("Muzyka w kuchni", "Ciepły prysznic"),
        place="Biblioteka na rogu",
        surroundings="Siostra przechowuje moje leki.",
    ),
    "pt_BR": PlanWords(
        body="Acordo antes das quatro e não durmo mais",
        behaviour="Paro de responder às mensagens",
        thoughts="Penso que nada do que faço adianta",
        others_notice="Minha irmã diz que falo menos",
        helped="Sair de casa antes das dez.\nAnotar uma coisa que deu certo.",
        triggers="Semanas com trabalho demais.\nNoites sem companhia.",
        keeps="Uma caminhada por dia, coral às terças.",
        first_sign="Conto para a Lia e volto à caminhada da manhã.",
        lapse="Ligo para a equipe na mesma semana.",
        relapse="Peço para voltar, sem esperar a próxima data.",
        matters="Para estar bem nas festas da família.",
        hours="De segunda a sexta, das 9h às 17h",
        person=("Lia", "Uma amiga"),
        other=("Bruna", "Minha irmã"),
        warnings=("As noites ficam longas", "Deixo de almoçar"),
        alone=("Música na cozinha", "Um banho quente"),
        place="A biblioteca do bairro",
        surroundings="Minha irmã guarda meus remédios.",
    ),
    "uk": PlanWords(
        body="Прокидаюся до четвертої і вже не сплю",
        behaviour="Перестаю відповідати на повідомлення",
        thoughts="Думаю, що все це марно",
        others_notice="Сестра каже, що я мало говорю",
        helped="Вийти з дому до десятої.\nЗаписати одну річ, яка вдалася.",
        triggers="Темні тижні в листопаді.\nЗабагато нічних змін.",
        keeps="Щодня прогулянка, щовівторка хор.",
        first_sign="Кажу Саші і повертаюся до ранкових прогулянок.",
        lapse="Телефоную команді того самого тижня.",
        relapse="Прошу повернутися і не чекаю наступної дати.",
        matters="Щоб мати сили на зустрічі з рідними.",
        hours="З понеділка до п'ятниці, 9:00–17:00",
        person=("Саша", "Друг"),
        other=("Олена", "Моя сестра"),
        warnings=("Ночі стають довгими", "Пропускаю обід"),
        alone=("Музика на кухні", "Теплий душ"),
        place="Бібліотека поруч",
        surroundings="Сестра зберігає мої ліки.",
    ),
    "ar": PlanWords(
        body="أستيقظ قبل الرابعة ولا أعود إلى النوم",
        behaviour="أتوقف عن الرد على الرسائل",
        thoughts="أفكر أن لا فائدة مما أفعله",
        others_notice="تقول أختي إنني أتكلم أقل",
        helped="الخروج من البيت قبل العاشرة.\nكتابة شيء واحد نجح اليوم.",
        triggers="أسابيع العمل الطويلة.\nالأمسيات دون رفقة.",
        keeps="المشي كل يوم، ولقاء الأصدقاء يوم الثلاثاء.",
        first_sign="أخبر نور وأعود إلى المشي صباحاً.",
        lapse="أتصل بالفريق في الأسبوع نفسه.",
        relapse="أطلب العودة ولا أنتظر الموعد التالي.",
        matters="كي أكون مع عائلتي في الأعياد.",
        hours="من الاثنين إلى الجمعة، من 9:00 إلى 17:00",
        person=("نور", "صديقة"),
        other=("هدى", "أختي"),
        warnings=("تصبح الليالي طويلة", "أترك وجبة الغداء"),
        alone=("موسيقى في المطبخ", "حمام دافئ"),
        place="المكتبة القريبة",
        surroundings="أختي تحفظ أدويتي.",
    ),
}
"""By language."""
