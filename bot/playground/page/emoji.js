/** Slack's names of emoji, as many as a small workspace uses. */

const NAMES = `
+1 👍|-1 👎|smile 😄|slightly_smiling_face 🙂|grin 😁|joy 😂|wink 😉|blush 😊|heart_eyes 😍|thinking_face 🤔
neutral_face 😐|sweat_smile 😅|cry 😢|sob 😭|scream 😱|sunglasses 😎|partying_face 🥳|wave 👋|clap 👏|pray 🙏
muscle 💪|raised_hands 🙌|ok_hand 👌|point_up ☝️|point_right 👉|eyes 👀|heart ❤️|broken_heart 💔|fire 🔥|sparkles ✨
star ⭐|tada 🎉|rocket 🚀|zap ⚡|bulb 💡|bug 🐛|wrench 🔧|hammer 🔨|gear ⚙️|lock 🔒
key 🔑|mag 🔍|memo 📝|pencil2 ✏️|book 📖|bookmark 🔖|calendar 📅|chart_with_upwards_trend 📈|bar_chart 📊|clipboard 📋
email 📧|bell 🔔|speech_balloon 💬|hourglass_flowing_sand ⏳|alarm_clock ⏰|camera 📷|frame_with_picture 🖼️|film_frames 🎞️|page_facing_up 📄|file_folder 📁
white_check_mark ✅|heavy_check_mark ✔️|x ❌|warning ⚠️|no_entry ⛔|question ❓|exclamation ❗|100 💯|recycle ♻️|arrow_right ➡️
red_circle 🔴|large_green_circle 🟢|large_yellow_circle 🟡|large_blue_circle 🔵|robot_face 🤖|ghost 👻|cat 🐱|dog 🐶|coffee ☕|pizza 🍕
beers 🍻|cake 🍰|sun_with_face 🌞|rainbow 🌈|snowflake ❄️|earth_africa 🌍|house 🏠|car 🚗|airplane ✈️|trophy 🏆`;

const GLYPHS = new Map(
  NAMES.trim()
    .split(/[|\n]/)
    .map((one) => one.split(" ")),
);
const ALIASES = { thumbsup: "+1", thumbsdown: "-1", thinking: "thinking_face", check: "white_check_mark", robot: "robot_face" };

/** What a name looks like, or undefined; skin tones are left out. */
export function glyph(name) {
  const plain = name.split("::")[0];
  return GLYPHS.get(ALIASES[plain] ?? plain);
}

/** The names that begin like this; those that contain it come after. */
export function emojiNames(start = "") {
  const names = [...GLYPHS.keys()];
  const first = names.filter((name) => name.startsWith(start));
  return [...first, ...names.filter((name) => !name.startsWith(start) && name.includes(start))];
}
