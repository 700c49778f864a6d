namespace ResLora.Models.Diffusion.SingleFile;

/// <summary>Which part of an original tensor a network's tensor is.</summary>
public enum SourcePart
{
    /// <summary>All of it.</summary>
    Whole,

    /// <summary>The rows' first third: the queries of attention that is stored in one matrix.</summary>
    FirstThird,

    /// <summary>The rows' second third: the keys.</summary>
    SecondThird,

    /// <summary>The rows' last third: the values.</summary>
    LastThird,
}
