using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;

namespace ResLora.Benchmarks.Subjects;

/// <summary>Products of matrices that a training step makes, by themselves.</summary>
internal abstract class ProductCase : IDisposable
{
    // A timing takes at least about as long as this many operations do.
    private const double FlopsOfATiming = 1e10;

    /// <summary>Its name.</summary>
    public abstract string Name { get; }

    /// <summary>Multiplications and additions of one run.</summary>
    public abstract double Flops { get; }

    /// <summary>How often a training step does the same.</summary>
    public required int InStep { get; init; }

    /// <summary>What is timed.</summary>
    public Contender Contender => new(Name, Run) { Repeats = (int)Math.Max(1, Math.Ceiling(FlopsOfATiming / Flops)) };

    /// <summary>GFLOP/s of its times.</summary>
    public Spread Rate(Spread milliseconds) => milliseconds.Gflops(Flops);

    /// <summary>Its row in a report.</summary>
    /// <param name="milliseconds">Its times.</param>
    public ReportRow Row(Spread milliseconds) =>
        new(Name, new(Figure.Gflops, Rate(milliseconds)), new(Figure.Milliseconds, milliseconds));

    /// <summary>Frees the tensors.</summary>
    public abstract void Dispose();

    /// <summary>Makes the products once.</summary>
    protected abstract void Run();
}
