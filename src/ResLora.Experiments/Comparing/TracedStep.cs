namespace ResLora.Experiments.Comparing;

/// <summary>A step as a run logged it.</summary>
/// <param name="Step">How many steps are done.</param>
/// <param name="Loss">Its loss.</param>
/// <param name="Count">How much it read, in the run's unit.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record TracedStep(int Step, double Loss, double Count, double Seconds);
