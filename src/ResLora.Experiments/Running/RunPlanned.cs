using ResLora.Training.Loop;

namespace ResLora.Experiments.Running;

/// <summary>Model and data are ready, and training begins.</summary>
/// <param name="Plan">What it will do.</param>
public sealed record RunPlanned(PlanReport Plan) : RunEvent(0);
