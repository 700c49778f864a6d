using ResLora.Experiments.Workloads;

namespace ResLora.Experiments.Quickstart;

/// <summary>How one model does on the held-out problems.</summary>
/// <param name="Name">The model: base, LoRA, ResLoRA unmerged, ResLoRA merged.</param>
/// <param name="Loss">The loss on the solutions, in nats a token.</param>
/// <param name="ExactMatch">How many answers are right.</param>
public sealed record QuickstartRow(string Name, double Loss, Score ExactMatch);
