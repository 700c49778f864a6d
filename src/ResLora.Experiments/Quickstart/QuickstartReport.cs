using ResLora.Adapters;
using ResLora.Experiments.Merging;

namespace ResLora.Experiments.Quickstart;

/// <summary>What the quickstart found.</summary>
/// <param name="Sample">The sample's folder.</param>
/// <param name="Output">The folder written.</param>
/// <param name="Structure">The shortcut that was held against plain LoRA.</param>
/// <param name="Steps">Optimizer steps of each run.</param>
/// <param name="TrainableParameters">How many numbers each run trained.</param>
/// <param name="Base">The base model.</param>
/// <param name="Lora">Plain LoRA.</param>
/// <param name="Unmerged">ResLoRA with its shortcuts.</param>
/// <param name="Merged">ResLoRA merged into the model, as read back from the folder written.</param>
/// <param name="Merge">What merging cost.</param>
/// <param name="Prompt">A held-out problem to try.</param>
public sealed record QuickstartReport(
    string Sample,
    string Output,
    ShortcutKind Structure,
    int Steps,
    long TrainableParameters,
    QuickstartRow Base,
    QuickstartRow Lora,
    QuickstartRow Unmerged,
    QuickstartRow Merged,
    MergeReport Merge,
    string Prompt)
{
    /// <summary>The folder of the PEFT adapter.</summary>
    public string PeftFolder => Path.Combine(Output, "reslora-peft");

    /// <summary>The folder of the merged model.</summary>
    public string MergedFolder => Path.Combine(Output, "reslora-merged");

    /// <summary>The picture of the loss curves.</summary>
    public string PlotFile => Path.Combine(Output, "loss.png");

    /// <summary>The rows in the order to be shown.</summary>
    public IReadOnlyList<QuickstartRow> Rows => [Base, Lora, Unmerged, Merged];

    /// <summary>Whether both runs have a lower held-out loss and more right answers than the base.</summary>
    public bool Improved => new[] { Lora, Unmerged }.All(row => row.Loss < Base.Loss && row.ExactMatch.Correct > Base.ExactMatch.Correct);

    /// <summary>What the comparison of LoRA and ResLoRA allows to say: one run of one seed each.</summary>
    public string Verdict
    {
        get
        {
            var (lora, resLora) = (Lora.ExactMatch, Unmerged.ExactMatch);
            var apart = lora.High < resLora.Low || resLora.High < lora.Low;
            return apart
                ? $"{(resLora.Correct > lora.Correct ? "ResLoRA" : "LoRA")} answers more of these problems correctly, with this seed; other seeds and tasks may say otherwise."
                : "The intervals of LoRA and ResLoRA overlap: these numbers do not tell which of the two is better.";
        }
    }
}
