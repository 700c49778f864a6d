foreach (var c in ResLora.Experiments.Verification.Verifier.Run(args).Cases)
{
    Console.WriteLine($"{c.Status,-12} {c.Name,-30} {c.Quantities.Count,4} {c.Unsupported.Count,3} {c.Worst?.Name} {c.Worst?.Difference:e2} / {c.Worst?.Tolerance:e0} {c.Message}");
}
return 0;
