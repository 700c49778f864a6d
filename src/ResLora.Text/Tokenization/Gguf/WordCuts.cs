using ResLora.Formats.Errors;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>
/// How byte-level tokenizers cut texts into words, by llama.cpp's names (<c>tokenizer.ggml.pre</c>). llama.cpp has the patterns built in:
/// an unknown name is an error there and here, since a wrong one gives other tokens.
/// </summary>
/// <param name="Steps">Patterns, one after the other; each cuts what those before it have left.</param>
/// <param name="IgnoresMerges">Whether a word that is a token as a whole is taken without asking the merges.</param>
/// <param name="AddsBegin">Whether the begin token stands in front of a text unless the file says otherwise.</param>
/// <param name="CleansText">Whether llama.cpp drops the blank before punctuation when it turns tokens into text.</param>
internal sealed record WordCuts(IReadOnlyList<string> Steps, bool IgnoresMerges = false, bool AddsBegin = false, bool CleansText = true)
{
    /// <summary>What ByteLevel does by itself when use_regex is set.</summary>
    public const string Gpt2Words = "ByteLevel words";

    /// <summary>What Digits does when it cuts each digit.</summary>
    public const string SingleDigits = @"\p{N}";

    private const string Endings = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)";

    private const string AfterNumbers = @" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Qwen2Words = Endings + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + AfterNumbers;

    private const string Llama3Words = Endings + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + AfterNumbers;

    // As ByteLevel's own words, but for blanks at the end of a piece that an earlier step has cut: those stay together with them.
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)";

    // Words that begin in capitals and go on in small letters; of other scripts than Latin every letter is both.
    private const string NotSmall = @"(?:(?=\p{L})[^a-z])";
    private const string NotCapital = @"(?:(?=\p{L})[^A-Z])";

    private const string AfterCasedWords = @" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string TekkenWords =
        $@"[^\r\n\p{{L}}\p{{N}}]?{NotSmall}*{NotCapital}+|[^\r\n\p{{L}}\p{{N}}]?{NotSmall}+{NotCapital}*|\p{{N}}|" + AfterCasedWords;

    private const string SmallEndings = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?";

    private const string Gpt4oWords = $@"[^\r\n\p{{L}}\p{{N}}]?{NotSmall}*{NotCapital}+{SmallEndings}"
        + $@"|[^\r\n\p{{L}}\p{{N}}]?{NotSmall}+{NotCapital}*{SmallEndings}|\p{{N}}{{1,3}}|" + AfterCasedWords;

    // Letters of alphabets with capitals, as DeepSeek's tokenizer lists them.
    private const string CasedLetters =
        @"A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\x{1F7D}ᾀ-ᾴᾶ-ᾼ\x{1FBE}"
        + @"ῂ-ῄῆ-ῌῐ-\x{1FD3}ῖ-\x{1FDB}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\x{2126}ℨ\x{212A}-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃";

    // llama.cpp takes white space outside of ASCII for another character in these, so it is in none of the ranges.
    private const string DeepSeekSigns = @"\s?[!-/:-~！-／：-～‘-‟、-。]+";
    private const string AsianLetters = @"[[一-龥ࠀ-一가-퟿]&&[^\s]]+";

    private const string KanaAndHan = "[一-龥぀-ゟ゠-ヿ]+";

    private const string DeepSeek3Words = @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
        + @"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly WordCuts _gpt2 = new([Gpt2Words]);
    private static readonly WordCuts _digits = new([SingleDigits, Gpt2Words]);
    private static readonly WordCuts _llama3 = new([Llama3Words], IgnoresMerges: true, AddsBegin: true);
    private static readonly WordCuts _qwen2 = new([Qwen2Words], CleansText: false);
    private static readonly WordCuts _default = new([@"[\p{P}$+<=>^~|]+", Gpt2Pattern, @"\p{N}+", "[0-9][0-9][0-9]"]);
    private static readonly WordCuts _plainLlama3 = new([Llama3Words]);
    private static readonly WordCuts _gpt4o = new([Gpt4oWords], CleansText: false);

    // The first name of several that cut alike is the one that exports write.
    private static readonly OrderedDictionary<string, WordCuts> _named = new(StringComparer.Ordinal)
    {
        ["gpt-2"] = _gpt2,
        ["smollm"] = _digits with { CleansText = false },
        ["qwen2"] = _qwen2,
        ["llama-bpe"] = _llama3,
        ["smaug-bpe"] = _plainLlama3,
        ["default"] = _default,
        ["deepseek-llm"] = new([@"[\r\n]", $@"\s?[{CasedLetters}]+", DeepSeekSigns, @"\s+$", AsianLetters, @"\p{N}+"], CleansText: false),
        ["deepseek-coder"] = new([@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", AsianLetters, @"\p{N}"], CleansText: false),
        ["deepseek-v3"] = new([@"\p{N}{1,3}", KanaAndHan, DeepSeek3Words], CleansText: false),
        ["tekken"] = new([TekkenWords], IgnoresMerges: true, AddsBegin: true, CleansText: false),
        ["gpt-4o"] = _gpt4o,
        ["falcon"] = new([@"[\p{P}$+<=>^~|`]+", Gpt2Pattern, "[0-9][0-9][0-9]"]),
        ["llama3"] = _llama3,
        ["llama-v3"] = _llama3,
        ["falcon3"] = _llama3,
        ["pixtral"] = _llama3,
        ["lfm2"] = _llama3,
        ["dbrx"] = _plainLlama3,
        ["chatglm-bpe"] = _plainLlama3,
        ["glm4"] = _plainLlama3,
        ["stablelm2"] = _qwen2 with { CleansText = true },
        ["megrez"] = _qwen2,
        ["deepseek-r1-qwen"] = _qwen2,
        ["hunyuan"] = _qwen2,
        ["llama4"] = _gpt4o,
        ["starcoder"] = _digits,
        ["refact"] = _digits,
        ["command-r"] = _digits with { CleansText = false },
        ["codeshell"] = _digits,
        ["exaone"] = _digits,
        ["minerva-7b"] = _digits,
        ["phi-2"] = _gpt2,
        ["mpt"] = _gpt2,
        ["olmo"] = _gpt2,
        ["jais"] = _gpt2,
        ["trillion"] = _gpt2 with { CleansText = false },
        ["granite-docling"] = _gpt2 with { CleansText = false },
    };

    /// <summary>All that are known, by their names.</summary>
    public static IReadOnlyDictionary<string, WordCuts> Named => _named;

    /// <summary>The cuts of a name.</summary>
    /// <param name="name">The name; null where a file has none.</param>
    /// <param name="file">The file, for messages.</param>
    /// <exception cref="ConfigException">The name is not known.</exception>
    public static WordCuts Require(string? name, string file) => name is null or "" ? _default
        : Named.TryGetValue(name, out var cuts) ? cuts
        : throw new ConfigException(
            $"'{file}': tokenizer.ggml.pre is '{name}', and how such a tokenizer cuts texts is not known here; "
            + $"known are {string.Join(", ", Named.Keys)}.");
}
