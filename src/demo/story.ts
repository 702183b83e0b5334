/** The demo people's conversations. Each line: who, what, and what happened to it. */
import type { ChatAccess, ChatKind, Plan } from '../generated/prisma/enums.js';

export const people = [
  { username: 'ada', firstName: 'Ada', lastName: 'Novak', role: 'ADMIN' },
  { username: 'maria', firstName: 'Мария', lastName: 'Петрова', role: 'MANAGER' },
  { username: 'boris', firstName: 'Борис', lastName: 'Волков', role: 'USER' },
  { username: 'chen', firstName: '陈', lastName: '伟', role: 'USER' },
  { username: 'dana', firstName: 'דנה', lastName: 'לוי', role: 'USER' },
  { username: 'olga', firstName: 'Ольга', lastName: 'Смирнова', role: 'USER' },
  { username: 'yusuf', firstName: 'يوسف', lastName: 'حداد', role: 'USER' },
] as const;

export type Name = (typeof people)[number]['username'];

/** Brands and their owners: matches are made between brands. */
export const brands = [
  { name: 'Печи и пироги', owner: 'olga', plan: 'BUSINESS' },
  { name: 'مطبعة النهر', owner: 'yusuf', plan: 'FREE' },
] as const satisfies readonly { name: string; owner: Name; plan: Plan }[];

export interface After {
  /** The text it was edited to. */
  edited?: string;
  deleted?: true;
  /** It replies to the line that is so many lines before it. */
  repliesBack?: number;
  /** The text has their `@name`. */
  mentions?: readonly Name[];
  reactions?: Readonly<Record<string, readonly Name[]>>;
  pinnedBy?: Name;
  /** It has the picture of poster.ts. */
  hasPoster?: true;
  /** Hours until the next line; some minutes unless given. */
  hours?: number;
}

export type Line = readonly [Name, string, After?];

export interface Story {
  kind: ChatKind;
  name?: string;
  slug?: string;
  orderRef?: string;
  description?: string;
  access?: ChatAccess;
  maker: Name;
  /** Which of the members owns it. */
  owner?: Name;
  /** For a RELATION: the manager, then the client. For a MATCH: the brands' owners. */
  members: readonly Name[];
  /** Added later: before the line with that index. */
  joining?: Readonly<Partial<Record<Name, number>>>;
  lines: readonly Line[];
  /** How many of the last messages a member has not read; all other members have read everything. */
  unread?: Readonly<Partial<Record<Name, number>>>;
  /** How many hours ago the last line was written. */
  endedHoursAgo: number;
  isClosed?: true;
  /** Who has it muted, and who archived. */
  muted?: readonly Name[];
  archived?: readonly Name[];
}

const festival: readonly Line[] = [
  ['maria', 'Good morning! This is the room for the summer festival 🎪 Everything about it goes here, please.'],
  ['boris', 'Доброе утро! Я на связи.'],
  ['chen', 'Hi all. Sound and lights are me, as last year.'],
  ['olga', 'Привет! Еда и палатки — за мной 🥧'],
  ['maria', 'Wonderful. First things first: the date. 12 July or 19 July?'],
  ['chen', '19 works better, the big mixer is rented out on the 12th.'],
  ['boris', '19-го я могу, 12-го уезжаю к родителям.'],
  ['olga', 'Мне подходят оба дня.'],
  ['maria', '19 July then. Noted 📌'],
  ['boris', 'Отлично! Тогда бронирую площадку у реки.'],
  ['maria', 'Борис, уточни, пожалуйста, до которого часа там можно шуметь.'],
  ['boris', 'Позвоню сегодня.'],
  ['chen', 'Last year it was 22:00, and a neighbour called at 22:03 😅'],
  ['olga', 'Помню этого соседа. Отнесём ему пирог заранее.'],
  ['maria', 'That is the best noise protection I have heard of.', { hours: 3 }],
  ['boris', 'Узнал: до 22:30, но громкость после 21:00 — не больше 70 дБ.'],
  ['chen', '70 dB at the stage or at the fence?'],
  ['boris', 'У забора.'],
  ['chen', 'Then we are fine. I will bring the meter.'],
  ['olga', 'Сколько гостей ждём? Мне нужно считать пироги.'],
  ['maria', 'Last year 340. Let us plan for 400.'],
  [
    'olga',
    '400 гостей × 0,7 пирога = 280 пирогов. Нам нужна вторая печь.',
    { edited: '400 гостей × 0,6 пирога = 240 пирогов. Нам нужна вторая печь.' },
  ],
  ['chen', 'I like that somebody has measured 0.6 🥧 a person.'],
  ['olga', 'Трёхлетняя статистика!'],
  ['boris', 'У моего дяди есть печь на прицепе. Спрошу?'],
  ['olga', 'Спроси, спасибо!! 🙏'],
  ['maria', 'Dana and Yusuf are joining us today, they do the programme and the posters.', { hours: 1 }],
  ['dana', 'שלום לכולם! Happy to be here 👋'],
  ['yusuf', 'مرحباً بالجميع! I have read the whole history, pies included.'],
  ['maria', 'Welcome! 🎉'],
  ['olga', 'Добро пожаловать!'],
  ['dana', 'I have three bands that said yes, and a puppet theatre that said maybe.'],
  ['chen', 'How many inputs does each band need? I have 24 channels.'],
  ['dana', 'The first: 8. The second: 11, they have brass 🎺. The third: "a lot".'],
  ['chen', '"A lot" is my favourite number.'],
  ['yusuf', 'For the posters: which languages? English, Russian, Hebrew, Arabic?'],
  ['maria', 'All four, please. Left to right and right to left on one sheet, is that hard?'],
  ['yusuf', 'لا، ليس صعباً. It only has to be planned, not squeezed in at the end.'],
  ['dana', 'הכותרת בעברית: "פסטיבל הקיץ על הנהר" (19.7, 12:00–22:30)'],
  ['yusuf', 'العنوان بالعربية: «مهرجان الصيف على النهر»'],
  ['boris', 'По-русски: «Летний фестиваль на реке».'],
  ['chen', '中文也可以吗？“河畔夏日节” 😄'],
  ['yusuf', 'Five languages it is.'],
  ['maria', 'I love this team ❤️', { hours: 14 }],
  ['boris', 'Дядя согласен! Печь наша, но её надо забрать в пятницу до шести.'],
  ['olga', 'Ура! 🔥 Кто может за рулём?'],
  ['chen', 'My van has a tow bar. I can be there at five.'],
  ['boris', 'Chen, спасибо! Адрес пришлю в личку.'],
  ['boris', 'Код от ворот 4711', { deleted: true }],
  ['boris', 'Ой, это не сюда. Удалил.'],
  ['maria', 'Good that one can take things back here 🙂'],
  ['dana', 'The puppet theatre says yes, if there is shade from 14:00 to 15:00.'],
  ['olga', 'Под липами тень с 13:30 до 16:00, проверяла в прошлом году.'],
  ['dana', 'Then they stand under the lime trees. Done ✅'],
  ['yusuf', 'First draft of the poster is ready. Blue for the river, yellow for the sun, no clip art, I promise.'],
  ['maria', 'Can you describe it until we have a place for files?'],
  [
    'yusuf',
    'A river from the top left to the bottom right. Latin text follows it down, Arabic and Hebrew come up against it. They meet at the date.',
  ],
  ['chen', 'OK that is beautiful.'],
  ['boris', 'Звучит очень красиво!'],
  ['dana', 'יפה מאוד 😍'],
  ['maria', 'Approved, unseen.'],
  ['yusuf', 'You will see it tomorrow, and then say it again, please 😄', { hours: 18 }],
  ['maria', 'Seen. Approved, approved, approved.'],
  ['chen', 'Stage plan: 8 × 6 m, roof 4.5 m. Power: 3 × 32 A. Who talks to the electrician?'],
  ['boris', 'Я. Он просит схему: где сцена, где печи, где свет.'],
  ['chen', 'Here as text, it is simple:\n\n  river ~~~~~~~~~~~~~~\n  [stage]   [desk]\n  lime trees   [ovens]\n  gate'],
  ['boris', 'Отправил ему прямо так. Ответ: «Понял».'],
  ['olga', 'Печь на прицепе газовая, ей электричество не нужно. Только второй — 16 А.'],
  ['chen', '16 A from my spare line. No problem.'],
  [
    'dana',
    'Programme, first version:\n12:00 opening\n12:30 brass 🎺\n14:00 puppets\n15:30 choir\n17:00 dance lesson 💃\n19:00 "a lot"',
  ],
  ['yusuf', 'The dance lesson is dabke? دبكة؟'],
  ['dana', 'כן! Dabke, hora and a polka, in that order.'],
  ['olga', 'Я записываюсь на все три.'],
  ['boris', 'Я буду держать печь 😅'],
  ['maria', 'Boris, you dance. I hold the oven.'],
  ['boris', 'Договорились, но это запомнят все, кто читает этот чат.'],
  ['chen', 'It has a sequence number. It cannot be lost.', { hours: 5 }],
  ['maria', 'Volunteers: we have 31, we need 45. Where do we find 14 more people in three weeks?'],
  ['olga', 'Школа у моста! Старшеклассникам нужны часы практики.'],
  ['yusuf', 'And the bicycle workshop. They come for pies, I know them.'],
  ['dana', 'I can ask the choir: 40 people who already have to be there.'],
  ['maria', 'Ask all three. One line each here when you have an answer.'],
  ['yusuf', 'Bicycle workshop: 5 people, one of them with a cargo bike 🚲'],
  ['olga', 'Школа: 8 человек и учительница.'],
  ['dana', 'Choir: 6, but not between 15:00 and 16:30, guess why.'],
  ['maria', '5 + 9 + 6 = 20. We have more than we need 🙌'],
  ['chen', 'Then two for cables, please. Strong and patient.'],
  ['boris', 'Сильных двое есть, терпеливых ищу.'],
  ['maria', '😂', { hours: 20 }],
  ['maria', 'Weather plan: if it rains, do we move to the old tram depot or do we stay?'],
  ['chen', 'Stage roof holds rain, not wind above 60 km/h.'],
  ['boris', 'Депо свободно 19-го, спросил на всякий случай. Держат для нас до вторника.'],
  ['olga', 'В депо печи ставить нельзя. Тогда пироги печём ночью и привозим.'],
  ['dana', 'And the puppets would be happy, in there is only shade.'],
  ['maria', 'Decision on Thursday at noon. Below 40 % rain we stay at the river.', { pinnedBy: 'maria' }],
  ['yusuf', 'So the poster says: "at the river (in the depot if it rains)". In five languages. I will manage.'],
  ['yusuf', 'בגשם: בדיפו · عند المطر: في المستودع · В дождь: в депо · Bei Regen… no, that was the sixth.'],
  ['chen', '如果下雨：在电车库'],
  ['yusuf', '谢谢!'],
  ['olga', 'Меню: пироги с капустой, с яблоком, с сыром и травами (веган — с грибами 🍄).'],
  ['dana', 'Is the one with cheese fine without egg? Two from the choir cannot have it.'],
  ['olga', 'С сыром — с яйцом. С грибами и с капустой — без.'],
  ['dana', 'תודה! I will tell them: mushrooms or cabbage.'],
  ['maria', 'Please put that on the signs too, with the allergens.'],
  ['olga', 'Уже в списке.', { edited: 'Уже в списке: глютен, яйцо, молоко, орехи.' }],
  ['boris', 'Мусор! Мы забыли про мусор.'],
  ['maria', 'We did. Who has an idea that is not plastic bags?'],
  ['yusuf', 'The bicycle workshop has the cargo bike and 12 barrels. Sorted in three, painted by the school?'],
  ['olga', 'Школа в восторге, спросила только что 🎨'],
  ['chen', 'This is the fastest meeting I was ever in.', { hours: 16 }],
  ['boris', 'Электрик подтвердил: 3 × 32 А, в пятницу с 10 утра.'],
  ['chen', 'Then I build from 12 on Friday, oven at five, sound check at eight.'],
  ['olga', 'А спать когда?'],
  ['chen', 'In September 😴'],
  ['dana', 'The band "a lot" has sent its list: 19 channels and a tea kettle.'],
  ['chen', '19 I have. The kettle is Olga’s department.'],
  ['olga', 'Чайник будет 🫖'],
  [
    'yusuf',
    'Posters are printed: 120 pieces. I put up 40 today, along the river and at the market.',
    { hasPoster: true, reactions: { '❤️': ['maria', 'olga'], '👍': ['boris'] } },
  ],
  ['maria', 'I saw them from the bus, they are wonderful 💛💙'],
  ['boris', 'Моя мама прислала фото плаката из своего двора 😄'],
  ['dana', 'The radio wants an interview on Wednesday at 8:15. Who speaks?'],
  ['maria', 'Yusuf and Olga: languages and pies.'],
  ['yusuf', 'حاضر! Ready.'],
  ['olga', 'Хорошо, только говорить буду про пироги.'],
  ['maria', 'Nobody expects anything else 🥧', { hours: 6 }],
  ['chen', 'Wind forecast for the 19th: 12 km/h. Rain: 10 %.'],
  ['maria', 'So: the river. I cancel the depot.'],
  ['boris', 'Подождите до четверга, мы же так решили!', { repliesBack: 1 }],
  ['maria', 'You are right. Thursday, noon. I sit on my hands.', { reactions: { '😂': ['boris', 'olga'] } }],
  ['dana', '👏👏👏'],
  ['olga', 'А я уже купила муку на 240 пирогов. 96 кг 💪'],
  ['yusuf', '96 kg?! Does the cargo bike have to come?', { repliesBack: 1 }],
  ['olga', '@yusuf Да, пожалуйста! Завтра в 9:00 у пекарни.', { mentions: ['yusuf'] }],
  ['yusuf', 'We will be there. 👨‍👩‍👧‍👦🚲'],
  ['boris', 'Список дел на завтра: мука, бочки, схема для волонтёров.'],
  ['chen', 'And labels on all cables. I have a label printer and no shame.'],
  ['dana', 'בהצלחה לכולנו! See you tomorrow.'],
  ['maria', 'Thank you all. Good night 🌙'],
];

const announcements: readonly Line[] = [
  ['ada', 'Welcome to Parley! This room is for news that everyone should see.', { hours: 30 }],
  [
    'ada',
    'On Friday the server moves to its new machine. You will see “reconnecting” for a moment, and nothing will be lost.',
  ],
  ['maria', 'Thank you, Ada! Do we have to do anything?'],
  ['ada', 'Nothing at all: what you sent meanwhile goes out by itself, once.', { hours: 26 }],
  ['ada', 'Done. Nobody seems to have noticed, which is how it should be ✅'],
];

const spring: readonly Line[] = [
  ['maria', 'Весенняя ярмарка: собираем итоги здесь.'],
  ['boris', 'Гостей: 340. Пирогов: 204.'],
  ['olga', '0,6 на человека. Третий год подряд!'],
  ['chen', 'Sound: no complaints, except one at 22:03.'],
  ['boris', 'Сосед?'],
  ['chen', 'The neighbour.'],
  ['olga', 'В июле отнесём ему пирог.'],
  ['maria', 'Thanks everyone! I am closing this room; it stays here to read.'],
];

export const stories: readonly Story[] = [
  {
    kind: 'GROUP',
    name: 'Summer festival',
    description: '19 July, at the river. Everything about it goes here.',
    owner: 'maria',
    slug: 'festival',
    maker: 'ada',
    members: ['maria', 'boris', 'chen', 'olga', 'ada'],
    joining: { dana: 26, yusuf: 26 },
    lines: festival,
    unread: { boris: 4, chen: 17, dana: 60, ada: festival.length },
    endedHoursAgo: 1,
  },
  {
    kind: 'GROUP',
    name: 'Announcements',
    description: 'What everybody should know.',
    access: 'OPEN',
    owner: 'ada',
    slug: 'announcements',
    maker: 'ada',
    members: ['ada', 'maria', 'boris', 'chen', 'dana', 'olga', 'yusuf'],
    lines: announcements,
    unread: { boris: 1, chen: 1, olga: 3, yusuf: 5 },
    muted: ['chen'],
    endedHoursAgo: 9,
  },
  {
    kind: 'GROUP',
    name: 'Весенняя ярмарка',
    slug: 'spring',
    maker: 'ada',
    members: ['maria', 'boris', 'chen', 'olga'],
    lines: spring,
    endedHoursAgo: 24 * 70,
    isClosed: true,
    archived: ['olga'],
  },
  {
    kind: 'DIRECT',
    maker: 'boris',
    members: ['boris', 'chen'],
    lines: [
      ['boris', 'Привет! Адрес печи: Садовая, 14, ворота слева.'],
      ['chen', 'Thanks! Is a gate code needed?'],
      ['boris', 'Да: 4711. Теперь в правильном чате 😅'],
      ['chen', '👍 Friday, five o’clock.'],
      ['boris', 'Дядя угостит чаем, так что лучше без четверти.'],
      ['boris', 'И захвати перчатки, она ещё тёплая бывает.'],
    ],
    unread: { chen: 2 },
    endedHoursAgo: 3,
  },
  {
    kind: 'DIRECT',
    maker: 'dana',
    members: ['dana', 'yusuf'],
    lines: [
      ['dana', 'היי יוסף, אפשר להגדיל קצת את הכותרת בעברית?'],
      ['yusuf', 'בטח! כמה? 10%?'],
      ['dana', 'כן, 10% זה מצוין 🙏'],
      ['yusuf', 'تم ✅ — and the Arabic one too, so that they stay friends.'],
      ['dana', 'שוכרן! 😄'],
    ],
    unread: { yusuf: 1 },
    endedHoursAgo: 28,
  },
  {
    kind: 'DIRECT',
    maker: 'maria',
    members: ['maria', 'ada'],
    lines: [
      ['maria', 'Hi Ada, could you bring Dana and Yusuf into the festival room?'],
      ['ada', 'Done. They can read everything from the beginning.'],
      ['maria', 'Perfect, thank you! 🌻'],
      [
        'ada',
        'Anything else before the move on Friday?',
        { edited: 'Anything else before the server moves on Friday?' },
      ],
      ['maria', 'No, all good. Вот только пирогов тебе оставить?'],
      ['ada', 'Two with apple, please 🥧🥧'],
      ['maria', 'Записала!'],
    ],
    unread: { ada: 1 },
    endedHoursAgo: 5,
  },
  {
    kind: 'DIRECT',
    maker: 'olga',
    members: ['olga', 'maria'],
    lines: [
      ['olga', 'Маша, бюджет на муку: 96 кг × 62 ₽ = 5 952 ₽. Согласуешь?'],
      ['maria', 'Согласовано. Чек, пожалуйста, сохрани.'],
      ['olga', 'Конечно.'],
      ['olga', 'Ещё масло и яблоки, пришлю вечером.'],
    ],
    unread: { maria: 2 },
    endedHoursAgo: 2,
  },
  {
    kind: 'RELATION',
    maker: 'maria',
    members: ['maria', 'dana'],
    lines: [
      ['dana', 'Hi Maria, I am booking three bands. Who signs the contracts?'],
      ['maria', 'Шалом, Дана! Send them to me, I sign and send them back the same day.'],
      ['dana', 'תודה! The brass band wants half of it in advance.'],
      ['maria', 'Fine, up to half. Write "by the 1st of July" into it.'],
      ['dana', 'Done: first one signed, two on their way.'],
      ['dana', 'And can the puppet theatre be paid in cash on the day?'],
    ],
    unread: { maria: 2 },
    endedHoursAgo: 4,
  },
  {
    kind: 'MATCH',
    maker: 'ada',
    members: ['olga', 'yusuf'],
    lines: [
      ['olga', 'Нам нужны ценники для пирогов, 12 видов. Печатаете такое?'],
      ['yusuf', 'أهلاً! Yes, on thick paper. Five languages, as the posters?'],
      ['olga', 'Да, и значки аллергенов, пожалуйста.'],
      ['yusuf', 'I draw them tonight. 240 pieces, ready on Thursday.'],
      ['olga', 'Отлично. Плачу пирогами? 😄'],
      ['yusuf', 'With apple, please 🥧'],
    ],
    unread: { olga: 1 },
    endedHoursAgo: 7,
  },
  {
    kind: 'ORDER',
    name: 'Мука, 96 кг',
    orderRef: '2026-0719',
    maker: 'maria',
    members: ['maria', 'olga'],
    lines: [
      ['maria', 'Order 2026-0719: 96 kg of flour, to be picked up at 9:00.'],
      ['olga', 'Приняли. Велосипед приедет за ней 🚲'],
      ['maria', 'Paid. The receipt is in the office.'],
      ['olga', 'Забрали! Всё сошлось до килограмма.'],
    ],
    unread: { maria: 1 },
    endedHoursAgo: 6,
  },
];
