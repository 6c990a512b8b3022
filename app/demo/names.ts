/** Invented names for the demo's companies, drawn by seed. */
import type { Random } from './random.js';

const cities = ['上海', '杭州', '苏州', '宁波', '南京', '青岛', '深圳', '成都', '武汉', '厦门'];
const words = ['恒信', '东海', '华远', '金穗', '瑞丰', '盛达', '远航', '明德', '嘉禾', '中岳'];
const trades = ['贸易', '电子', '机械', '食品', '物流', '纺织', '建材', '科技'];

export function companyName(random: Random): string {
  return `${random.pick(cities)}${random.pick(words)}${random.pick(trades)}有限公司`;
}
