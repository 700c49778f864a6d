namespace ResLora.Images.Preprocessing;

/// <summary>To which size pictures are resized.</summary>
public abstract record ResizeRule
{
    private ResizeRule()
    {
    }

    /// <summary>The size of a picture after it.</summary>
    /// <param name="height">The picture's height, in pixels.</param>
    /// <param name="width">Its width, in pixels.</param>
    /// <returns>Height and width, each 1 or more.</returns>
    public abstract (int Height, int Width) SizeOf(int height, int width);

    /// <summary>One size for all, whatever their shape.</summary>
    /// <param name="Height">In pixels.</param>
    /// <param name="Width">In pixels.</param>
    public sealed record Exact(int Height, int Width) : ResizeRule
    {
        /// <inheritdoc/>
        public override (int Height, int Width) SizeOf(int height, int width) => (Height, Width);
    }

    /// <summary>The shorter side gets a length, and the shape stays: the longer side is int(length · long / short).</summary>
    /// <param name="Length">In pixels.</param>
    public sealed record ShortestEdge(int Length) : ResizeRule
    {
        /// <inheritdoc/>
        public override (int Height, int Width) SizeOf(int height, int width)
        {
            var longer = (int)Math.Min(int.MaxValue, (long)Length * Math.Max(height, width) / Math.Min(height, width));
            return height <= width ? (Length, longer) : (longer, Length);
        }
    }
}
