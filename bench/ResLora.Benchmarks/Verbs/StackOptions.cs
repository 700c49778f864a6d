using System.CommandLine;
using ResLora.Adapters;
using ResLora.Benchmarks.Subjects;
using ResLora.Formats.Errors;

namespace ResLora.Benchmarks.Verbs;

/// <summary>The options that say what model is drawn, with what adapter on it.</summary>
/// <param name="defaults">The shape where nothing else is said.</param>
internal sealed class StackOptions(StackShape defaults)
{
    private readonly Option<int> _layers = Numbers.Count("--layers", "Layers of the stack.", defaults.Layers);
    private readonly Option<int> _hidden = Numbers.Count("--hidden", "D, the width of the residual stream.", defaults.Hidden);
    private readonly Option<int> _intermediate = Numbers.Count("--intermediate", "F, the width inside the MLP.", defaults.Intermediate);
    private readonly Option<int> _heads = Numbers.Count("--heads", "H, query heads.", defaults.Heads);
    private readonly Option<int> _keyValueHeads = Numbers.Count("--key-value-heads", "K, key and value heads.", defaults.KeyValueHeads);
    private readonly Option<int> _vocabulary = Numbers.Count("--vocabulary", "V, tokens that the model knows.", defaults.Vocabulary);

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_layers, _hidden, _intermediate, _heads, _keyValueHeads, _vocabulary];

    /// <summary>What was asked for.</summary>
    /// <exception cref="ConfigException">There is no such model.</exception>
    public StackShape Read(ParseResult line)
    {
        var shape = new StackShape
        {
            Layers = line.GetValue(_layers),
            Hidden = line.GetValue(_hidden),
            Intermediate = line.GetValue(_intermediate),
            Heads = line.GetValue(_heads),
            KeyValueHeads = line.GetValue(_keyValueHeads),
            Vocabulary = line.GetValue(_vocabulary),
        };
        shape.Config();
        return shape;
    }

    /// <summary><c>--rank</c>.</summary>
    public static Option<int> Rank() => Numbers.Count("--rank", "R, the adapter's rank, on q_proj and v_proj.", 8);

    /// <summary><c>--batch</c>.</summary>
    public static Option<int> Batch(int value) => Numbers.Count("--batch", "B, samples in a step.", value);

    /// <summary><c>--tokens</c>.</summary>
    public static Option<int> Tokens(int value) => Numbers.Count("--tokens", "T, tokens of a sample.", value, smallest: 2);

    /// <summary><c>--shortcut</c>.</summary>
    public static Option<string> Shortcut() => new("--shortcut")
    {
        Description = "none (plain LoRA), input, block or middle, with one previous block.",
        HelpName = "KIND",
        DefaultValueFactory = _ => "none",
    };

    /// <summary>The adapter of a rank and a <see cref="Shortcut"/>.</summary>
    /// <exception cref="ConfigException">There is no such shortcut.</exception>
    public static AdapterConfig Adapter(int rank, string shortcut) =>
        Enum.TryParse<ShortcutKind>(shortcut, ignoreCase: true, out var kind) && Enum.IsDefined(kind)
        ? new AdapterConfig { Targets = TargetModules.Suffixes("q_proj", "v_proj"), Rank = rank, Alpha = 2 * rank, Shortcut = new ShortcutConfig { Kind = kind } }
        : throw new ConfigException($"--shortcut is '{shortcut}'; it must be none, input, block or middle.");
}
