namespace ResLora.Benchmarks.Reporting;

/// <summary>What a number is.</summary>
/// <param name="Key">Its name in JSON, with the unit.</param>
/// <param name="Heading">Its name in tables.</param>
/// <param name="Format">How it looks there.</param>
internal sealed record Figure(string Key, string Heading, string Format)
{
    /// <summary>The time of one run of a case.</summary>
    public static Figure Milliseconds { get; } = new("milliseconds", "ms", "0.00");

    /// <summary>10⁹ multiplications and additions a second.</summary>
    public static Figure Gflops { get; } = new("gflopPerSecond", "GFLOP/s", "0.0");

    /// <summary>The same of the products with frozen weights in a step, over the whole time of the step.</summary>
    public static Figure FrozenGflops { get; } = new("frozenGflopPerSecond", "frozen GFLOP/s", "0.0");

    /// <summary><see cref="FrozenGflops"/> over the best bfloat16 product of the same run.</summary>
    public static Figure ShareOfPeak { get; } = new("shareOfBfloat16Peak", "of bfloat16 peak", "0.0 %");

    /// <summary><see cref="FrozenGflops"/> over the best float32 product of the same run.</summary>
    public static Figure ShareOfFloat32Peak { get; } = new("shareOfFloat32Peak", "of float32 peak", "0.0 %");

    /// <summary>The time of the step's products with frozen weights by themselves, each at its own shape, over that of the step.</summary>
    public static Figure ShareOfOwnFrozen { get; } = new("shareOfOwnFrozenProducts", "own frozen", "0.0 %");

    /// <summary>The same of all its large products: those with frozen weights and those of attention.</summary>
    public static Figure ShareOfOwnProducts { get; } = new("shareOfOwnProducts", "own products", "0.0 %");

    /// <summary>Pictures a second.</summary>
    public static Figure PicturesPerSecond { get; } = new("picturesPerSecond", "pictures/s", "0.0");

    /// <summary>A time over that of a whole step.</summary>
    public static Figure ShareOfStep { get; } = new("shareOfStep", "of a step", "0.0 %");

    /// <summary>Tokens a second, padding not counted.</summary>
    public static Figure TokensPerSecond { get; } = new("tokensPerSecond", "tokens/s", "0.0");

    /// <summary>The share of what is computed that is padding.</summary>
    public static Figure Padding { get; } = new("paddingShare", "padding", "0.0 %");

    /// <summary>10⁹ bytes a second.</summary>
    public static Figure GigabytesPerSecond { get; } = new("gigabytesPerSecond", "GB/s", "0.0");

    /// <summary>Tokens a second over what memory could deliver weights for.</summary>
    public static Figure ShareOfBound { get; } = new("shareOfBandwidthBound", "of bound", "0.0 %");

    /// <summary>libtorch's tensors alive after step 10.</summary>
    public static Figure TensorsAtTen { get; } = new("liveTensorsAfterStep10", "tensors at step 10", "0");

    /// <summary>libtorch's tensors alive after the last step.</summary>
    public static Figure TensorsAtEnd { get; } = new("liveTensorsAfterLastStep", "at the last", "0");

    /// <summary>The second less the first: 0, or something leaks.</summary>
    public static Figure TensorGrowth { get; } = new("liveTensorGrowth", "tensors more", "0");

    /// <summary>What anonymous memory grew by between the same steps, in 10⁶ bytes.</summary>
    public static Figure MemoryGrowth { get; } = Megabytes("anonymousGrowth", "MB more");

    /// <summary>The most resident at once, in 10⁶ bytes.</summary>
    public static Figure PeakResident { get; } = Megabytes("peakResident", "peak MB");

    /// <summary>Resident pages of mapped weights and libraries, in 10⁶ bytes.</summary>
    public static Figure OfFiles { get; } = Megabytes("residentOfFiles", "of files MB");

    /// <summary>The most allocated and resident at once, in 10⁶ bytes.</summary>
    public static Figure AnonymousPeak { get; } = Megabytes("anonymousPeak", "anonymous peak MB");

    /// <summary><see cref="AnonymousPeak"/> less what was there before the first step, in 10⁶ bytes.</summary>
    public static Figure AddedBySteps { get; } = Megabytes("addedBySteps", "added by steps MB");

    private static Figure Megabytes(string key, string heading) => new($"{key}Megabytes", heading, "0.0");
}
