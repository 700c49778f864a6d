using System.Globalization;
using System.Text.Json;
using ResLora.Adapters;
using ResLora.Experiments.Running;

namespace ResLora.Experiments.Comparing;

/// <summary>The arms that <c>arms: paper</c> stands for, made from the rank, alpha and shortcut of the run.</summary>
internal static class PaperArms
{
    /// <summary>The arm that the others are held against.</summary>
    public const string Reference = "lora";

    /// <summary>Full fine-tuning, which moves all weights and wants smaller steps.</summary>
    public const string Full = "full";

    private const double FullRate = 0.1;

    /// <summary>What keeps a run from being the paper's, a phrase; null when nothing does.</summary>
    /// <param name="run">The run.</param>
    /// <param name="asked">What asks for these arms, such as <c>arms is paper</c>.</param>
    public static string? Problem(RunConfig run, string asked) => run switch
    {
        { StartFrom: not null } => $"{asked}, and startFrom names an adapter, whose method is settled; leave one of them out",
        { Adapter: not { Method: null } } => $"{asked}, made from a LoRA's rank and alpha; give an adapter of method lora",
        { Adapter.Shortcut.PreviousCount: < 1 } =>
            $"{asked}, whose shortcuts and rank (m+1)·R need adapter.shortcut.previousCount to be a number of 1 or more; give one",
        _ => null,
    };

    /// <summary>The arms.</summary>
    /// <param name="run">The run, with an adapter of method lora.</param>
    /// <param name="rates">The learning rates to choose from; may be empty.</param>
    public static IReadOnlyList<ArmSettings> Of(RunConfig run, IReadOnlyList<double> rates)
    {
        var (adapter, blocks) = (run.Adapter!, run.Adapter!.Shortcut.PreviousCount + 1);
        var plain = ("adapter.shortcut", new ShortcutConfig());
        ArmSettings Rival(string method) => Arm(method, ("adapter.method", method), ("adapter.lora", null), plain);
        ArmSettings Structure(ShortcutKind kind) => Arm(
            kind.ToString().ToLowerInvariant(),
            (
                "adapter.shortcut",
                adapter.Shortcut with { Kind = kind, PreviousCount = kind == ShortcutKind.Input ? 1 : adapter.Shortcut.PreviousCount }));
        return
        [
            Arm(Reference, plain),
            Arm("lora-2alpha", plain, ("adapter.alpha", 2 * adapter.Alpha)),
            Arm(
                string.Create(CultureInfo.InvariantCulture, $"lora-rank{blocks * adapter.Rank}"),
                plain, ("adapter.rank", blocks * adapter.Rank), ("adapter.alpha", blocks * adapter.Alpha)),
            Structure(ShortcutKind.Input),
            Structure(ShortcutKind.Block),
            Structure(ShortcutKind.Middle),
            Rival("adalora"),
            Rival("loha"),
            Rival("lokr"),
            Rival("dora"),
            Arm(
                Full,
                ("adapter", null),
                ("training.dataType", "float32"),
                ("training.learningRate", FullRate * run.Training.LearningRate)) with
            {
                LearningRates = rates.Count == 0 ? null : [.. rates.Select(rate => FullRate * rate)],
            },
        ];
    }

    private static ArmSettings Arm(string name, params (string Key, object? Value)[] settings) => new()
    {
        Name = name,
        Set = settings.ToDictionary(
            setting => setting.Key, setting => JsonSerializer.SerializeToElement(setting.Value, Configuration.ConfigFile.Options)),
    };
}
